/**
 * Shares one stream among all tabs of an origin, by Web Locks and a BroadcastChannel. One tab's credentials then serve
 * all tabs with the same `user`, any text that tells users apart. With `token` or `headers`, `user` is required. With
 * cookies, set it if another user may sign in while tabs of the first stay open.
 */
export type ShareAcrossTabs = true | { readonly user: string };
