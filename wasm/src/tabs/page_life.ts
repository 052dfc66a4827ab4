/** What becomes of a page: it is looked at, or not; it is put away, and comes back; it is gone for good. */
export type LifeEvent = "visible" | "hidden" | "away" | "back" | "gone";

export interface PageLife {
  readonly isVisible: boolean;
  /** Calls `listener` at each event, until the returned function is called. */
  subscribe(listener: (event: LifeEvent) => void): () => void;
}

/** Of this window. A frozen page is away, too: browsers that say so let it do something about it. */
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
