import type { Clock } from "../shared/clock.js";
import type { UpdateOf } from "../shared/messages.js";
import type { Workflow } from "../workflow/workflow.js";
import type { ViewsChange } from "./followed.js";
import { Listeners, report } from "./listeners.js";
import { Pacer } from "./pacer.js";
import type { SnapshotStore } from "./snapshot_store.js";
import type { WorkflowSnapshot, WorkflowStreamOptions } from "./stream_options.js";

/** Listeners that change the stream over and over are a mistake in the page; this ends it. */
const announcementsMax = 1000;

/**
 * Tells listeners: each update at once and in order, then that the snapshot has changed. Of changes that follow each
 * other within a frame they hear once (`Pacer`), but at once that an instance has ended or the connection changed.
 */
export class Delivery<W extends Workflow> {
  readonly changeListeners = new Listeners<[]>();
  readonly updateListeners = new Listeners<[update: UpdateOf<W>]>();
  readonly #store: SnapshotStore<W>;
  readonly #pacer: Pacer;
  /** Updates that listeners have not heard yet. */
  readonly #pending: UpdateOf<W>[] = [];
  #isPaused = false;
  /** What change listeners have heard of last. */
  #announced: { readonly snapshot: WorkflowSnapshot<W>; readonly version: number };
  #isHurried = false;
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
    this.#announced = { snapshot: store.current, version: store.version };
  }

  add(update: UpdateOf<W>): void {
    this.#pending.push(update);
  }

  /** Hears what `Followed.read` gave. That an instance has ended is what nobody should wait for. */
  viewsChanged(change: ViewsChange): void {
    if (change !== "none") {
      this.#store.viewsMayHaveChanged();
    }
    this.#isHurried ||= change === "ended";
  }

  /**
   * Listeners hear no more updates until `resume`. What has arrived waits for them here: views have it already, so to
   * the core it would be nothing new if the server sent it again.
   */
  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
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
      for (let next = this.#next(); next !== undefined; next = this.#next()) {
        this.updateListeners.call(next);
      }
      if (this.#store.version === this.#announced.version || !(isNext || this.#isDueNow())) {
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

  #next(): UpdateOf<W> | undefined {
    return this.#isPaused ? undefined : this.#pending.shift();
  }

  #isDueNow(): boolean {
    const { connection, reason, isConnected } = this.#announced.snapshot;
    const now = this.#store.fields;
    const isOther = now.connection !== connection || now.reason !== reason || now.isConnected !== isConnected;
    return this.#isHurried || isOther || !this.#pacer.putOff(() => this.#run(true));
  }

  #announce(): void {
    this.#pacer.cancel();
    this.#isHurried = false;
    const before = this.#announced.snapshot;
    this.#announced = { snapshot: this.#store.current, version: this.#store.version };
    if (this.#announced.snapshot !== before) {
      this.changeListeners.call();
    }
  }
}
