import type { Clock } from "../shared/clock.js";

/** A clock that stands still until the test advances it. */
export class FakeClock implements Clock {
  #now = 1_000;
  readonly #timers = new Set<{ due: number; callback: () => void }>();

  /** The number of pending timers. */
  get timers(): number {
    return this.#timers.size;
  }

  now(): number {
    return this.#now;
  }

  setTimer(callback: () => void, delayMs: number): () => void {
    const timer = { due: this.#now + delayMs, callback };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Advances by `ms`; timers fire on the way, each at its time. */
  advance(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const [next] = [...this.#timers].sort((a, b) => a.due - b.due);
      if (next === undefined || next.due > end) {
        break;
      }
      this.#timers.delete(next);
      this.#now = Math.max(this.#now, next.due);
      next.callback();
    }
    this.#now = end;
  }

  /** Advances by `ms` without firing timers, as when a machine sleeps. */
  sleep(ms: number): void {
    this.#now += ms;
  }
}
