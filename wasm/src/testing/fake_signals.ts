import type { Signals } from "../browser/signals.js";
import type { Signal } from "../core/connection.js";

/** The window's signals, sent by the test. */
export class FakeSignals implements Signals {
  readonly #listeners = new Set<(signal: Signal) => void>();

  get listeners(): number {
    return this.#listeners.size;
  }

  subscribe(listener: (signal: Signal) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  send(signal: Signal): void {
    for (const listener of this.#listeners) {
      listener(signal);
    }
  }
}
