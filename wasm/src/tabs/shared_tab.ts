import { Timer } from "../browser/timer.js";
import { createClock } from "../shared/clock.js";
import type { UpdateOf } from "../shared/messages.js";
import type { IdOf, Workflow } from "../workflow/workflow.js";
import type { AnyUpdate, Id, ShardStatus } from "./messages.js";
import { envelope, readEnvelope } from "./messages.js";
import { OwnedStream } from "./owned_stream.js";
import type { LifeEvent } from "./page_life.js";
import type { TabsStreamOptions } from "./sharing.js";
import { fitsOneStream, sharedName } from "./sharing.js";
import type { TabAction } from "./tab_actions.js";
import type { Channel, TabEnvironment } from "./tab_environment.js";
import { TabLock } from "./tab_lock.js";
import { TabMachine } from "./tab_machine.js";

export interface SharedTabEvents<W extends Workflow> {
  updated(update: UpdateOf<W>): void;
  /** Something other than an update may have changed. */
  changed(): void;
  /** The lock can't be had. */
  failed(error: unknown): void;
}

/** Carries out the actions of this tab's machine. Holds the lock, the channel, the timer and the streams. */
export class SharedTab<W extends Workflow> {
  readonly #workflow: W;
  readonly #options: TabsStreamOptions<W>;
  readonly #environment: TabEnvironment;
  readonly #events: SharedTabEvents<W>;
  readonly #machine: TabMachine;
  readonly #name: string;
  readonly #lock: TabLock;
  readonly #timer: Timer;
  readonly #streams = new Map<number, OwnedStream<W>>();
  #channel: Channel | null = null;
  #leaveLife: (() => void) | null = null;
  #depth = 0;

  constructor(workflow: W, options: TabsStreamOptions<W>, environment: TabEnvironment, events: SharedTabEvents<W>) {
    this.#workflow = workflow;
    this.#options = options;
    this.#environment = environment;
    this.#events = events;
    this.#timer = new Timer(() => options.clock ?? createClock());
    this.#name = sharedName(workflow, options, environment.resolve);
    this.#machine = new TabMachine({
      tab: environment.createName(),
      followsAll: options.id === undefined && options.ids === undefined,
      instanceOf: (update) => (update as unknown as Readonly<Record<string, Id>>)[workflow.id.member] ?? "",
      fits: (ids) => fitsOneStream(workflow, ids),
    });
    this.#lock = new TabLock(environment.locks, this.#name, {
      granted: (attempt) => this.#input((now) => this.#machine.granted(attempt, now, environment.time())),
      lost: (attempt) => this.#input((now) => this.#machine.lost(attempt, now)),
      failed: (error) => events.failed(error),
    });
  }

  get status(): ShardStatus {
    return this.#machine.status();
  }

  get resets(): number {
    return this.#machine.resets;
  }

  view(id: IdOf<W>): string {
    return this.#machine.view(id);
  }

  /** Takes part; or restarts streams that were closed for good. */
  connect(): void {
    if (this.#leaveLife === null) {
      this.#leaveLife = this.#environment.life.subscribe((event) => this.#live(event));
      this.#enter();
    } else {
      this.#input((now) => this.#machine.reconnect(now));
    }
  }

  /** Stops taking part. */
  close(): void {
    this.#leaveLife?.();
    this.#leaveLife = null;
    this.#leave(true);
  }

  follow(ids: readonly IdOf<W>[]): void {
    this.#input((now) => this.#machine.follow(ids, now));
  }

  #enter(): void {
    this.#channel = this.#environment.openChannel(this.#name);
    this.#channel.onmessage = ({ data }: MessageEvent<unknown>) => {
      const message = readEnvelope(data);
      if (message !== null) {
        this.#input((now) => this.#machine.message(message, now));
      }
    };
    this.#input((now) => this.#machine.join(this.#environment.life.isVisible, now));
  }

  /** A page in the back-forward cache may hold neither a lock nor an open channel. */
  #leave(isForGood: boolean): void {
    this.#input((now) => this.#machine.leave(isForGood, now));
    this.#timer.cancel();
    this.#channel?.close();
    this.#channel = null;
  }

  #live(event: LifeEvent): void {
    switch (event) {
      case "visible":
      case "hidden":
        this.#input((now) => {
          this.#machine.setVisible(event === "visible");
          this.#machine.handleDeadline(now);
        });
        break;
      case "away":
      case "gone":
        this.#leave(event === "gone");
        break;
      case "back":
        if (this.#channel === null) {
          this.#enter();
        }
        break;
    }
  }

  /**
   * Runs an input of the machine and carries out its actions. At the end of the outermost input the timer is armed and
   * the page is notified.
   */
  #input(work: (now: number) => void): void {
    this.#depth += 1;
    work(this.#timer.now());
    for (let action = this.#machine.poll(); action !== null; action = this.#machine.poll()) {
      this.#carryOut(action);
    }
    this.#depth -= 1;
    if (this.#depth === 0) {
      this.#timer.arm(this.#machine.deadline(), () => this.#input((now) => this.#machine.handleDeadline(now)));
      this.#events.changed();
    }
  }

  #carryOut(action: TabAction): void {
    switch (action.kind) {
      case "post":
        this.#channel?.postMessage(envelope(action.message));
        break;
      case "request_lock":
        this.#lock.request(action.attempt, action.steals);
        break;
      case "release_lock":
        this.#lock.release(action.attempt);
        break;
      case "open":
        this.#open(action);
        break;
      case "follow":
        this.#streams.get(action.shard)?.follow(action.ids as readonly IdOf<W>[]);
        break;
      case "reconnect":
        this.#streams.get(action.shard)?.connect();
        break;
      case "close":
        this.#close(action.shard);
        break;
      case "update":
        this.#events.updated(this.#asUpdate(action.update));
        break;
    }
  }

  #open({ shard, from }: Extract<TabAction, { readonly kind: "open" }>): void {
    const ids = this.#machine.followsAll ? undefined : ([...from.ids] as unknown as readonly IdOf<W>[]);
    const options = { ...this.#options, id: undefined, ids, onUpdate: undefined, frames: null };
    const stream = new OwnedStream(this.#workflow, options, from, (advance) => {
      if (this.#streams.get(shard) === stream) {
        this.#input(() => this.#machine.advance(shard, advance));
      }
    });
    this.#streams.set(shard, stream);
    stream.connect();
  }

  #close(shard: number): void {
    const stream = this.#streams.get(shard);
    this.#streams.delete(shard);
    stream?.close();
  }

  /** An update from another tab is a copy, which is not frozen yet. */
  #asUpdate(update: AnyUpdate): UpdateOf<W> {
    return Object.freeze(update) as UpdateOf<W>;
  }
}
