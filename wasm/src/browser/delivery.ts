import type { UpdateOf } from "../shared/messages.js";
import type { Workflow } from "../workflow/workflow.js";
import { Listeners, report } from "./listeners.js";
import type { SnapshotStore } from "./snapshot_store.js";
import type { WorkflowSnapshot } from "./stream_options.js";

/** Listeners that change the stream over and over are a mistake in the page; this ends it. */
const announcementsMax = 1000;

/** Tells listeners: each update once and in order, then once that the snapshot has changed. */
export class Delivery<W extends Workflow> {
  readonly changeListeners = new Listeners<[]>();
  readonly updateListeners = new Listeners<[update: UpdateOf<W>]>();
  readonly #store: SnapshotStore<W>;
  /** Updates that listeners have not heard yet, each with what to resume from to hear it again. */
  #pending: { readonly update: UpdateOf<W>; readonly cursorBefore: () => string }[] = [];
  #announced: WorkflowSnapshot<W>;
  #isRunning = false;

  constructor(store: SnapshotStore<W>) {
    this.#store = store;
    this.#announced = store.current;
  }

  add(update: UpdateOf<W>, cursorBefore: () => string): void {
    this.#pending.push({ update, cursorBefore });
  }

  /** Drops the updates that nobody has heard. Returns what to resume from to hear them; undefined: there are none. */
  drop(): (() => string) | undefined {
    const first = this.#pending[0];
    this.#pending = [];
    return first?.cursorBefore;
  }

  /** A listener may call back in: what that changes is delivered by the loop that is running. */
  run(): void {
    if (this.#isRunning) {
      return;
    }
    this.#isRunning = true;
    let announcements = 0;
    for (;;) {
      const pending = this.#pending.shift();
      if (pending !== undefined) {
        this.updateListeners.call(pending.update);
      } else if (this.#announced === this.#store.current) {
        break;
      } else if (announcements === announcementsMax) {
        report(new Error("Listeners of a stream change it each time that they hear of it"));
        break;
      } else {
        announcements += 1;
        this.#announced = this.#store.current;
        this.changeListeners.call();
      }
    }
    this.#isRunning = false;
  }
}
