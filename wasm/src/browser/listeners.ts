/** Hands an error of the page's own code to the page, as if nothing had caught it. */
export function report(error: unknown): void {
  if (typeof reportError === "function") {
    reportError(error);
  } else {
    queueMicrotask(() => {
      throw error;
    });
  }
}

/** Functions of the page that want to hear of something. */
export class Listeners<Values extends readonly unknown[]> {
  readonly #entries = new Set<(...values: Values) => void>();

  /** Returns what takes it out again, at once. A listener that is added twice is called twice. */
  add(listener: (...values: Values) => void): () => void {
    const entry = (...values: Values) => listener(...values);
    this.#entries.add(entry);
    return () => {
      this.#entries.delete(entry);
    };
  }

  /** Calls those that listen now, and not one that an earlier one of them has taken out. */
  call(...values: Values): void {
    for (const entry of [...this.#entries]) {
      if (this.#entries.has(entry)) {
        try {
          entry(...values);
        } catch (error) {
          report(error);
        }
      }
    }
  }
}
