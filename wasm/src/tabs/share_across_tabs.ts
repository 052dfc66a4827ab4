/**
 * One stream for all tabs of an origin: by Web Locks and a BroadcastChannel, or by a SharedWorker of the page's own, whose
 * file runs `regstream/worker`.
 */
export type ShareAcrossTabs = true | { readonly worker: () => SharedWorker };
