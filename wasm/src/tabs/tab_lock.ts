/** The part of `navigator.locks` that is used. A program without the DOM's declarations has no types for it. */
export interface Locks {
  /** `signal` is an AbortSignal. */
  request(
    name: string,
    options: { readonly steal?: boolean; readonly signal?: object },
    callback: () => Promise<void>,
  ): Promise<unknown>;
}

/** The outcomes of a lock request. */
export interface LockEvents {
  granted(attempt: number): void;
  /** Another tab stole the lock. */
  lost(attempt: number): void;
  /** The environment refuses locks. */
  failed(error: unknown): void;
}

/** A tab's requests for one Web Lock, each by its attempt number. */
export class TabLock {
  readonly #locks: Locks;
  readonly #name: string;
  readonly #events: LockEvents;
  /** Releases each request, whether it holds the lock or waits for it. */
  readonly #releases = new Map<number, () => void>();

  constructor(locks: Locks, name: string, events: LockEvents) {
    this.#locks = locks;
    this.#name = name;
    this.#events = events;
  }

  request(attempt: number, steals: boolean): void {
    const controller = new AbortController();
    this.#releases.set(attempt, () => controller.abort());
    let isGranted = false;
    const hold = (): Promise<void> => {
      if (!this.#releases.has(attempt)) {
        return Promise.resolve();
      }
      isGranted = true;
      return new Promise((resolve) => {
        this.#releases.set(attempt, resolve);
        this.#events.granted(attempt);
      });
    };
    // A request that steals does not wait, so it takes no signal.
    const options = steals ? { steal: true } : { signal: controller.signal };
    this.#locks.request(this.#name, options, hold).catch((error: unknown) => {
      if (this.#releases.delete(attempt)) {
        if (isGranted) {
          this.#events.lost(attempt);
        } else {
          this.#events.failed(error);
        }
      }
    });
  }

  release(attempt: number): void {
    const release = this.#releases.get(attempt);
    this.#releases.delete(attempt);
    release?.();
  }
}
