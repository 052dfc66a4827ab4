import { StreamError } from "../core/errors.js";

/** What a stream that ends by itself promises, once each time that it is connected. */
export class Finish<Outcome> {
  #resolve: (outcome: Outcome) => void = () => {};
  #reject: (error: Error) => void = () => {};
  #isSettled = true;
  #promise: Promise<Outcome> = this.#renewed();

  /** The same promise until the stream is connected again after it has been settled. */
  get promise(): Promise<Outcome> {
    return this.#promise;
  }

  #renewed(): Promise<Outcome> {
    this.#isSettled = false;
    const promise = new Promise<Outcome>((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    // Where nobody waits for it, its failure is no unhandled one: the snapshot says it as well.
    promise.catch(() => {});
    return promise;
  }

  /** The stream is connected. */
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

/** Of a stream that goes on after the end. */
export function neverFinished(): Promise<never> {
  const promise = Promise.reject(new StreamError("invalid_options", 'finished is of a stream that has until: "final"'));
  promise.catch(() => {});
  return promise;
}
