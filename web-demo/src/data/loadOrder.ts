/**
 * Orders overlapping loads of one value, whose answers may arrive in any order. An answer is ignored if a later load's
 * answer has arrived before it, so the value never goes back in time.
 */
export class LoadOrder {
  #started = 0;
  #settled = 0;
  #brought = 0;

  /** Begins a load; returns its number. */
  start(): number {
    return ++this.#started;
  }

  /** Records that a load has ended. Returns whether its value or failure counts. */
  settle(load: number, hasValue: boolean): boolean {
    if (load < this.#settled) return false;
    this.#settled = load;
    if (hasValue) this.#brought = load;
    return true;
  }

  /** Whether the value is at least as new as `load`. */
  isInPlace(load: number): boolean {
    return load <= this.#brought;
  }

  /** Whether an answer that will count is still pending. */
  get isLoading(): boolean {
    return this.#settled < this.#started;
  }
}
