/** Reports an error of the page's own code as if nothing had caught it. */
export function report(error: unknown): void {
  if (typeof reportError === "function") {
    reportError(error);
  } else {
    queueMicrotask(() => {
      throw error;
    });
  }
}

/** A list of the page's listeners. */
export class Listeners<Values extends readonly unknown[]> {
  readonly #entries = new Set<(...values: Values) => void>();

  /** The returned function removes the listener, at once. A listener that is added twice is called twice. */
  add(listener: (...values: Values) => void): () => void {
    const entry = (...values: Values) => listener(...values);
    this.#entries.add(entry);
    return () => {
      this.#entries.delete(entry);
    };
  }

  /** Calls the current listeners, except those that an earlier one removes meanwhile. */
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
