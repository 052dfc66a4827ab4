import type { Clock } from "../shared/clock.js";

/** The page's frames. A change can't be seen before the next frame, so listeners need not be called sooner. */
export interface Frames {
  /**
   * Calls `callback` once before the next frame is drawn; never while no frames are drawn. The returned function
   * cancels it.
   */
  request(callback: () => void): () => void;
}

/** The longest wait for a frame. No frames come while a page is hidden or an iframe is out of view. */
const waitMsMax = 250;

/** The window's frames; null without them, as in Node. */
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
 * Defers work to the next frame or by a quarter of a second, whichever comes first. So work runs once a frame in a
 * visible page, and at most four times a second in a hidden one.
 */
export class Pacer {
  readonly #timers: Pick<Clock, "setTimer">;
  readonly #given: Frames | null | undefined;
  #cancel: (() => void) | null = null;

  /** Without `frames`: the window's. */
  constructor(frames: Frames | null | undefined, timers: Pick<Clock, "setTimer">) {
    this.#given = frames;
    this.#timers = timers;
  }

  /** Defers `work`, unless some is deferred already. False: there are no frames, so do it now. */
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

  /** Cancels the deferred work. */
  cancel(): void {
    this.#cancel?.();
    this.#cancel = null;
  }
}
