/** Tells when waiting any longer makes no sense. */
export interface Signals {
  /** Calls `wake` at each such moment, until the returned function is called. */
  subscribe(wake: () => void): () => void;
}

/** The network is back, the tab is looked at again, or the page came out of the back-forward cache. */
export const browserSignals: Signals = {
  subscribe(wake) {
    if (typeof window === "undefined" || typeof document === "undefined") {
      return () => {};
    }
    const onVisibilityChange = () => {
      if (document.visibilityState === "visible") {
        wake();
      }
    };
    const onPageShow = (event: PageTransitionEvent) => {
      if (event.persisted) {
        wake();
      }
    };
    window.addEventListener("online", wake);
    window.addEventListener("pageshow", onPageShow);
    document.addEventListener("visibilitychange", onVisibilityChange);
    return () => {
      window.removeEventListener("online", wake);
      window.removeEventListener("pageshow", onPageShow);
      document.removeEventListener("visibilitychange", onVisibilityChange);
    };
  },
};
