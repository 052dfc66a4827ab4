/**
 * One stream for all tabs of an origin, by Web Locks and a BroadcastChannel. One tab's credentials then serve all that
 * share it: those with the same `user`, which is any text that tells users apart. With `token` or `headers` nothing is
 * shared without it; with cookies it is needed where another user may sign in while tabs of the first one stay open.
 */
export type ShareAcrossTabs = true | { readonly user: string };
