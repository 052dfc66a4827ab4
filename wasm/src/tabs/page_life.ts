/** A change in a page's life: it becomes visible or hidden; it is suspended and comes back; it ends. */
export type LifeEvent = "visible" | "hidden" | "away" | "back" | "gone";

export interface PageLife {
  readonly isVisible: boolean;
  /** Calls `listener` at each event. The returned function unsubscribes. */
  subscribe(listener: (event: LifeEvent) => void): () => void;
}

/** This window's life. A frozen page is away, too: browsers that announce it let the page react. */
export const browserLife: PageLife = {
  get isVisible() {
    return document.visibilityState === "visible";
  },
  subscribe(listener) {
    const onPageHide = ({ persisted }: PageTransitionEvent) => listener(persisted ? "away" : "gone");
    const onPageShow = ({ persisted }: PageTransitionEvent) => persisted && listener("back");
    const onFreeze = () => listener("away");
    const onResume = () => listener("back");
    const onVisibility = () => listener(document.visibilityState === "visible" ? "visible" : "hidden");
    window.addEventListener("pagehide", onPageHide);
    window.addEventListener("pageshow", onPageShow);
    document.addEventListener("freeze", onFreeze);
    document.addEventListener("resume", onResume);
    document.addEventListener("visibilitychange", onVisibility);
    return () => {
      window.removeEventListener("pagehide", onPageHide);
      window.removeEventListener("pageshow", onPageShow);
      document.removeEventListener("freeze", onFreeze);
      document.removeEventListener("resume", onResume);
      document.removeEventListener("visibilitychange", onVisibility);
    };
  },
};
