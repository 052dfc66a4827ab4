import type { Signal } from "../core/connection.js";

/** A source of signals. */
export interface Signals {
  /** Calls `listener` at each signal. The returned function unsubscribes. */
  subscribe(listener: (signal: Signal) => void): () => void;
}

export const browserSignals: Signals = {
  subscribe(listener) {
    if (typeof window === "undefined" || typeof document === "undefined") {
      return () => {};
    }
    const onOnline = () => listener("online");
    const onOffline = () => listener("offline");
    const onVisibilityChange = () => {
      if (document.visibilityState === "visible") {
        listener("visible");
      }
    };
    const onPageShow = (event: PageTransitionEvent) => {
      if (event.persisted) {
        listener("restored");
      }
    };
    window.addEventListener("online", onOnline);
    window.addEventListener("offline", onOffline);
    window.addEventListener("pageshow", onPageShow);
    document.addEventListener("visibilitychange", onVisibilityChange);
    return () => {
      window.removeEventListener("online", onOnline);
      window.removeEventListener("offline", onOffline);
      window.removeEventListener("pageshow", onPageShow);
      document.removeEventListener("visibilitychange", onVisibilityChange);
    };
  },
};
