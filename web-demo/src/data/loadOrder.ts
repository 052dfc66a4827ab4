/**
 * Orders loads of one value that overlap, whose answers may come in any order. An answer counts unless
 * that of a later load was there before it, so that the value never goes back.
 */
export class LoadOrder {
  #started = 0;
  #settled = 0;
  #brought = 0;

  /** Begins a load; returns its number. */
  start(): number {
    return ++this.#started;
  }

  /** Ends a load, by a value or by a failure. Returns whether that counts. */
  settle(load: number, hasValue: boolean): boolean {
    if (load < this.#settled) return false;
    this.#settled = load;
    if (hasValue) this.#brought = load;
    return true;
  }

  /** True once the value is in place that `load` was to bring, or a newer one. */
  isInPlace(load: number): boolean {
    return load <= this.#brought;
  }

  /** True while an answer that counts is still to come. */
  get isLoading(): boolean {
    return this.#settled < this.#started;
  }
}
