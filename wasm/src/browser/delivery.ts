import type { Clock } from "../shared/clock.js";
import type { UpdateOf } from "../shared/messages.js";
import type { Workflow } from "../workflow/workflow.js";
import type { ViewsChange } from "./followed.js";
import { Listeners, report } from "./listeners.js";
import { Pacer } from "./pacer.js";
import type { SnapshotStore } from "./snapshot_store.js";
import type { WorkflowSnapshot, WorkflowStreamOptions } from "./stream_options.js";

/** Listeners that change the stream at each call are a mistake in the page. This limit ends the loop. */
const announcementsMax = 1000;

/**
 * Calls listeners: for each update at once and in order, then for the changed snapshot. Changes within a frame are
 * announced together (`Pacer`), but at once if an instance has ended or the connection changed.
 */
export class Delivery<W extends Workflow> {
  readonly changeListeners = new Listeners<[]>();
  readonly updateListeners = new Listeners<[update: UpdateOf<W>]>();
  readonly #store: SnapshotStore<W>;
  readonly #pacer: Pacer;
  /** Updates that listeners have not received yet. */
  readonly #pending: UpdateOf<W>[] = [];
  #isPaused = false;
  /** The state that change listeners were called for last. */
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

  /** Takes the result of `Followed.read`. The end of an instance is announced at once. */
  viewsChanged(change: ViewsChange): void {
    if (change !== "none") {
      this.#store.viewsMayHaveChanged();
    }
    this.#isHurried ||= change === "ended";
  }

  /**
   * Holds updates back until `resume`. They have to be kept: views already include them, so the core would take them
   * for duplicates if the server sent them again.
   */
  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
  }

  /** A listener may call back in: the loop that is running then delivers what that changes. */
  run(): void {
    this.#run(false);
  }

  /** `isDue`: the frame that the changes waited for has come. */
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
        report(new Error("Listeners of a stream change it at each call: the stream stopped calling them"));
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
