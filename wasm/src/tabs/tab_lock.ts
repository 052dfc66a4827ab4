/** What is needed of `navigator.locks`; whoever compiles without the DOM's declarations has no others. */
export interface Locks {
  /** `signal` is an AbortSignal. */
  request(
    name: string,
    options: { readonly steal?: boolean; readonly signal?: object },
    callback: () => Promise<void>,
  ): Promise<unknown>;
}

/** What a request of the lock comes to. */
export interface LockEvents {
  granted(attempt: number): void;
  /** It was stolen. */
  lost(attempt: number): void;
  /** There are no locks to be had here. */
  failed(error: unknown): void;
}

/** A tab's requests of one Web Lock, each by the number of its attempt. */
export class TabLock {
  readonly #locks: Locks;
  readonly #name: string;
  readonly #events: LockEvents;
  /** What gives back each one that is held or waited for. */
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
    // A request that steals does not wait, and takes no signal.
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
