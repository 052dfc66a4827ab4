import type { StreamSnapshot } from "./stream_options.js";
import { idleSnapshot } from "./stream_options.js";

/** What is known now: one immutable object, the same until something in it changes. */
export class SnapshotStore {
  #snapshot = idleSnapshot;

  get current(): StreamSnapshot {
    return this.#snapshot;
  }

  change(change: Partial<StreamSnapshot>): void {
    const before = this.#snapshot;
    const next: StreamSnapshot = { ...before, ...change };
    const differs = (Object.keys(change) as (keyof StreamSnapshot)[]).some((key) => next[key] !== before[key]);
    if (differs) {
      this.#snapshot = Object.freeze(next);
    }
  }
}
