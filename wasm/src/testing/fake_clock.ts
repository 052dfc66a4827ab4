import type { Clock } from "../shared/clock.js";

/** Time that stands still unless the test moves it. */
export class FakeClock implements Clock {
  #now = 1_000;
  readonly #timers = new Set<{ due: number; callback: () => void }>();

  /** How many timers wait. */
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

  /** Moves on by `ms`; timers go off on the way, each at its time. */
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

  /** Moves on by `ms` while no timer goes off, as a sleeping machine does. */
  sleep(ms: number): void {
    this.#now += ms;
  }
}
