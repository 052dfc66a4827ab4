import type { Clock } from "../shared/clock.js";

/** A stream's one timer. It never needs to be moved back: handling a deadline early does nothing. */
export class Timer {
  readonly #clock: () => Clock;
  #armed: { readonly due: number; readonly cancel: () => void } | null = null;

  /** `clock` is asked for at the first use: a stream that was made touches nothing. */
  constructor(clock: () => Clock) {
    this.#clock = clock;
  }

  /** Calls `work` at `due`, unless the timer goes off before that anyway. */
  arm(due: number, work: () => void): void {
    if (this.#armed !== null && this.#armed.due <= due) {
      return;
    }
    this.cancel();
    if (due !== Infinity) {
      const clock = this.#clock();
      const cancel = clock.setTimer(() => {
        this.#armed = null;
        work();
      }, due - clock.now());
      this.#armed = { due, cancel };
    }
  }

  cancel(): void {
    this.#armed?.cancel();
    this.#armed = null;
  }
}
