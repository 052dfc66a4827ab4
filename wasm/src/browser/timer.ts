import type { Clock } from "../shared/clock.js";

/** A stream's clock and its one timer. The timer never needs to be delayed: handling a deadline early does nothing. */
export class Timer {
  readonly #createClock: () => Clock;
  #lazyClock: Clock | null = null;
  #armed: { readonly due: number; readonly cancel: () => void } | null = null;

  /** `createClock` is called at the first use: making a stream touches nothing. */
  constructor(createClock: () => Clock) {
    this.#createClock = createClock;
  }

  get #clock(): Clock {
    this.#lazyClock ??= this.#createClock();
    return this.#lazyClock;
  }

  now(): number {
    return this.#clock.now();
  }

  /** Sets another timer on the same clock. The returned function cancels it. */
  setTimer(work: () => void, delayMs: number): () => void {
    return this.#clock.setTimer(work, delayMs);
  }

  /** Calls `work` at `due`, unless the timer fires before that anyway. */
  arm(due: number, work: () => void): void {
    if (this.#armed !== null && this.#armed.due <= due) {
      return;
    }
    this.cancel();
    if (due !== Infinity) {
      const cancel = this.#clock.setTimer(() => {
        this.#armed = null;
        work();
      }, due - this.now());
      this.#armed = { due, cancel };
    }
  }

  cancel(): void {
    this.#armed?.cancel();
    this.#armed = null;
  }
}
