import type { Clock } from "../shared/clock.js";

/** Where a page draws. Nobody sees a change sooner than in its next frame, so listeners need not hear of it sooner. */
export interface Frames {
  /** Calls `callback` once before the next frame is drawn, or never while none is; returns what cancels that. */
  request(callback: () => void): () => void;
}

/** How long a change waits at most for its frame. None comes while a page is hidden, or a frame of it out of view. */
const waitMsMax = 250;

/** The window's frames; null where there are none, as in Node. */
export function browserFrames(): Frames | null {
  if (typeof requestAnimationFrame !== "function") {
    return null;
  }
  return {
    request(callback) {
      const frame = requestAnimationFrame(() => callback());
      return () => cancelAnimationFrame(frame);
    },
  };
}

/**
 * Puts work off to the next frame, or to a quarter of a second from now: whichever comes first. So it is done once a
 * frame in a page that is seen, and at most four times a second in a hidden one, whatever happens in between.
 */
export class Pacer {
  readonly #timers: Pick<Clock, "setTimer">;
  readonly #given: Frames | null | undefined;
  #cancel: (() => void) | null = null;

  /** `frames` undefined: the window's. */
  constructor(frames: Frames | null | undefined, timers: Pick<Clock, "setTimer">) {
    this.#given = frames;
    this.#timers = timers;
  }

  /** Does `work` later, once, unless some waits already. False: there are no frames, so do it now. */
  putOff(work: () => void): boolean {
    if (this.#cancel !== null) {
      return true;
    }
    const frames = this.#given === undefined ? browserFrames() : this.#given;
    if (frames === null) {
      return false;
    }
    const run = () => {
      this.cancel();
      work();
    };
    const cancelTimer = this.#timers.setTimer(run, waitMsMax);
    const cancelFrame = frames.request(run);
    this.#cancel = () => {
      cancelTimer();
      cancelFrame();
    };
    return true;
  }

  /** Forgets the work that waits. */
  cancel(): void {
    this.#cancel?.();
    this.#cancel = null;
  }
}
