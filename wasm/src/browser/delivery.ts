import type { Clock } from "../shared/clock.js";
import type { UpdateOf } from "../shared/messages.js";
import type { Workflow } from "../workflow/workflow.js";
import { Listeners, report } from "./listeners.js";
import { Pacer } from "./pacer.js";
import type { SnapshotStore } from "./snapshot_store.js";
import type { WorkflowSnapshot, WorkflowStreamOptions } from "./stream_options.js";

/** Listeners that change the stream over and over are a mistake in the page; this ends it. */
const announcementsMax = 1000;

/** Whether the change is one that nobody should wait for: the connection changed, or an instance has ended. */
function isUrgent<W extends Workflow>(before: WorkflowSnapshot<W>, now: WorkflowSnapshot<W>): boolean {
  const { connection, reason, isConnected, views } = before;
  if (now.connection !== connection || now.reason !== reason || now.isConnected !== isConnected) {
    return true;
  }
  if (now.views !== views) {
    for (const [id, view] of now.views) {
      if (view.isFinal && views.get(id)?.isFinal !== true) {
        return true;
      }
    }
  }
  return false;
}

/**
 * Tells listeners: each update at once and in order, then that the snapshot has changed. Of changes that follow each
 * other within a frame they hear once (`Pacer`), but at once that an instance has ended or the connection changed.
 */
export class Delivery<W extends Workflow> {
  readonly changeListeners = new Listeners<[]>();
  readonly updateListeners = new Listeners<[update: UpdateOf<W>]>();
  readonly #store: SnapshotStore<W>;
  readonly #pacer: Pacer;
  /** Updates that listeners have not heard yet, each with what to resume from to hear it again. */
  #pending: { readonly update: UpdateOf<W>; readonly cursorBefore: () => string }[] = [];
  /** What change listeners have heard of last. */
  #heard: { readonly snapshot: WorkflowSnapshot<W>; readonly version: number };
  #isRunning = false;

  constructor(
    store: SnapshotStore<W>,
    { frames, onUpdate }: Pick<WorkflowStreamOptions<W>, "frames" | "onUpdate">,
    timers: Pick<Clock, "setTimer">,
  ) {
    this.#store = store;
    this.#pacer = new Pacer(frames, timers);
    if (onUpdate !== undefined) {
      this.updateListeners.add(onUpdate);
    }
    this.#heard = { snapshot: store.current, version: store.version };
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
    this.#run(false);
  }

  /** `isDue`: what waited for its frame has waited long enough. */
  #run(isDue: boolean): void {
    if (this.#isRunning) {
      return;
    }
    this.#isRunning = true;
    let announcements = 0;
    for (let isNext = isDue; ; isNext = false) {
      for (let next = this.#pending.shift(); next !== undefined; next = this.#pending.shift()) {
        this.updateListeners.call(next.update);
      }
      if (this.#store.version === this.#heard.version || !(isNext || this.#isDueNow())) {
        break;
      }
      if (announcements === announcementsMax) {
        report(new Error("Listeners of a stream change it each time that they hear of it"));
        break;
      }
      announcements += 1;
      this.#announce();
    }
    this.#isRunning = false;
  }

  #isDueNow(): boolean {
    return isUrgent(this.#heard.snapshot, this.#store.fields) || !this.#pacer.putOff(() => this.#run(true));
  }

  #announce(): void {
    this.#pacer.cancel();
    this.#heard = { snapshot: this.#store.current, version: this.#store.version };
    this.changeListeners.call();
  }
}
