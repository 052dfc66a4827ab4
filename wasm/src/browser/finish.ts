import { StreamError } from "../core/errors.js";

/** The promise of a stream that ends by itself; a new one for each `connect`. */
export class Finish<Outcome> {
  #resolve: (outcome: Outcome) => void = () => {};
  #reject: (error: Error) => void = () => {};
  #isSettled = true;
  #promise: Promise<Outcome> = this.#renewed();

  /** The same promise until the stream connects again after it was settled. */
  get promise(): Promise<Outcome> {
    return this.#promise;
  }

  #renewed(): Promise<Outcome> {
    this.#isSettled = false;
    const promise = new Promise<Outcome>((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    // Not an unhandled rejection if nobody awaits it: the snapshot reports the failure, too.
    promise.catch(() => {});
    return promise;
  }

  /** The page has called `connect`. */
  begin(): void {
    if (this.#isSettled) {
      this.#promise = this.#renewed();
    }
  }

  succeed(outcome: Outcome): void {
    this.#isSettled = true;
    this.#resolve(outcome);
  }

  fail(error: Error): void {
    this.#isSettled = true;
    this.#reject(error);
  }
}

/** The promise of a stream that goes on after the end. */
export function neverFinished(): Promise<never> {
  const promise = Promise.reject(new StreamError("invalid_options", 'finished needs a stream with until: "final"'));
  promise.catch(() => {});
  return promise;
}
