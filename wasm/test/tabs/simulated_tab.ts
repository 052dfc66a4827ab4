import type { Id, TabMessage } from "../../src/tabs/messages.js";
import type { TabAction } from "../../src/tabs/tab_actions.js";
import { TabMachine } from "../../src/tabs/tab_machine.js";
import type { Agenda, Client, SimulatedChannel, SimulatedLock } from "./simulated_browser.js";
import type { SimulatedServer, SimulatedUpdate } from "./simulated_server.js";
import { parseView, SimulatedStream } from "./simulated_server.js";

/** A deliberate fault of a simulation, to show that it would be found. */
export interface Breakage {
  /** No lock is ever stolen. */
  readonly steals?: false;
  /** An owner notices neither the theft of its lock nor another owner. */
  readonly isDethroned?: false;
  /** A new owner's streams begin without a cursor. */
  readonly keepsCursor?: false;
  /** No lock is released. */
  readonly releases?: false;
  /** No tab says hello. */
  readonly greets?: false;
}

export interface TabWorld {
  readonly agenda: Agenda;
  readonly server: SimulatedServer;
  readonly lock: SimulatedLock;
  readonly channel: SimulatedChannel;
  readonly random: () => number;
  readonly breakage: Breakage;
  /** The stream's owner may have changed. */
  observe(): void;
}

interface Task {
  readonly work: () => void;
  readonly isOfLock: boolean;
}

/** When the calendar of the simulation begins. */
const epoch = 1_700_000_000_000;
/** How late a timer of a hidden tab may fire. */
const hiddenLateMsMax = 60_000;

/**
 * A tab around a machine, in a browser that may freeze it without notice (its tasks wait), suspend and restore it, or
 * end it. The tab judges what it receives.
 */
export class SimulatedTab implements Client {
  readonly machine: TabMachine;
  state: "running" | "frozen" | "away" | "dead" = "running";
  isVisible: boolean;
  /** Since when it runs, and since when it is visible. */
  watchedSince: number;
  hasChannel = true;
  /** It was never away, so it may not miss anything. */
  wasAlwaysHere = true;
  #busyUntil = 0;
  #waiting: Task[] = [];
  #armed = Infinity;
  #timer = 0;
  readonly #streams = new Map<number, SimulatedStream>();
  ids: readonly Id[];
  /** The last update of each instance that the page has received. */
  readonly known = new Map<Id, number>();
  readonly #judged = new Map<Id, string>();
  #resets = 0;

  constructor(
    private readonly world: TabWorld,
    readonly name: string,
    ids: readonly Id[],
    isVisible: boolean,
  ) {
    this.ids = ids;
    this.isVisible = isVisible;
    this.watchedSince = this.now;
    this.machine = new TabMachine({
      tab: name,
      followsAll: false,
      instanceOf: (update) => (update as SimulatedUpdate).instance,
      fits: (named) => named.length <= 3,
    });
    this.#input(() => {
      this.machine.follow(ids, this.now);
      this.machine.join(isVisible, this.now);
    });
  }

  get now(): number {
    return this.world.agenda.now;
  }

  get resets(): number {
    return this.#resets;
  }

  /** It can act as an owner, and does not only believe that it is one. */
  get isRunningOwner(): boolean {
    return this.state === "running" && this.now >= this.#busyUntil && this.machine.isOwner;
  }

  enqueue(at: number, work: () => void, isOfLock = false): void {
    this.world.agenda.at(at, () => {
      if (this.state !== "dead") {
        this.#waiting.push({ work, isOfLock });
        this.#drain();
      }
    });
  }

  /** Runs pending tasks in order, unless the tab is frozen or in a long task. */
  #drain(): void {
    while (this.state !== "frozen" && this.now >= this.#busyUntil && this.#waiting.length > 0) {
      this.#waiting.shift()?.work();
    }
  }

  granted(attempt: number): void {
    this.#input(() => this.machine.granted(attempt, this.now, epoch + this.now));
  }

  lost(attempt: number): void {
    if (this.world.breakage.isDethroned !== false) {
      this.#input(() => this.machine.lost(attempt, this.now));
    }
  }

  heard(message: TabMessage): void {
    const isOwners = message.kind === "status" || message.kind === "batch";
    const isIgnored = this.world.breakage.isDethroned === false && isOwners && this.machine.isOwner;
    if (this.hasChannel && !isIgnored) {
      this.#input(() => this.machine.message(message, this.now));
    }
  }

  setVisible(isVisible: boolean): void {
    this.isVisible = isVisible;
    this.watchedSince = this.now;
    // Timers fire in time again.
    this.#armed = NaN;
    this.#input(() => this.machine.setVisible(isVisible));
  }

  /** Another page of an application: other ids. */
  follow(ids: readonly Id[]): void {
    for (const id of this.known.keys()) {
      if (!ids.includes(id)) {
        this.known.delete(id);
      }
    }
    this.ids = ids;
    this.#input(() => this.machine.follow(ids, this.now));
  }

  /** A long task: nothing else runs until it is over. */
  block(ms: number): void {
    this.#busyUntil = Math.max(this.#busyUntil, this.now + ms);
    this.world.agenda.at(this.#busyUntil, () => {
      this.#drain();
      this.world.observe();
    });
  }

  freeze(): void {
    this.wasAlwaysHere = false;
    this.state = "frozen";
    this.world.observe();
  }

  /** Pending tasks run. The notice of a theft is first or last, since task sources have no order among them. */
  resume(): void {
    this.state = "running";
    const ofLock = this.#waiting.filter(({ isOfLock }) => isOfLock);
    const others = this.#waiting.filter(({ isOfLock }) => !isOfLock);
    this.#waiting = this.world.random() < 0.5 ? [...ofLock, ...others] : [...others, ...ofLock];
    this.#drain();
    this.setVisible(this.isVisible);
  }

  /** Into the back-forward cache, or frozen with notice: the shell leaves and closes its channel. */
  putAway(): void {
    this.wasAlwaysHere = false;
    this.#input(() => this.machine.leave(false, this.now));
    this.hasChannel = false;
    this.state = "away";
    this.world.observe();
  }

  restore(): void {
    this.state = "running";
    this.watchedSince = this.now;
    this.hasChannel = true;
    this.#input(() => this.machine.join(this.isVisible, this.now));
  }

  /** The user closes it. */
  unload(): void {
    this.#input(() => this.machine.leave(true, this.now));
    this.crash();
  }

  /** It crashes. */
  crash(): void {
    this.state = "dead";
    this.#waiting = [];
    this.hasChannel = false;
    this.#streams.forEach((stream) => stream.close());
    this.#streams.clear();
    this.world.observe();
    this.world.agenda.at(this.now + this.#delay(), () => this.world.lock.forget(this));
  }

  /** Breaks the connection of each of its streams. */
  loseStreams(): void {
    this.#streams.forEach((stream) => stream.lose());
  }

  #delay(): number {
    return this.world.random() * 20;
  }

  #input(work: () => void): void {
    work();
    for (let action = this.machine.poll(); action !== null; action = this.machine.poll()) {
      this.#carryOut(action);
    }
    this.#judgeViews();
    this.world.observe();
    const due = this.machine.deadline();
    if (due !== this.#armed) {
      this.#arm(due);
    }
  }

  #arm(due: number): void {
    this.#armed = due;
    this.#timer += 1;
    const timer = this.#timer;
    if (due !== Infinity) {
      const late = this.world.random() * (this.isVisible ? 20 : hiddenLateMsMax);
      this.enqueue(Math.max(due, this.now) + late, () => {
        if (timer === this.#timer) {
          this.#armed = Infinity;
          this.#input(() => this.machine.handleDeadline(this.now));
        }
      });
    }
  }

  #carryOut(action: TabAction): void {
    const { agenda, lock, channel, breakage } = this.world;
    switch (action.kind) {
      case "post":
        if (breakage.greets !== false || action.message.kind !== "hello") {
          channel.post(this, action.message);
        }
        break;
      case "request_lock":
        if (breakage.steals !== false || !action.steals) {
          agenda.at(this.now + 5, () => this.state !== "dead" && lock.request(this, action.attempt, action.steals));
        }
        break;
      case "release_lock":
        if (breakage.releases !== false) {
          agenda.at(this.now + 5, () => {
            lock.release(this, action.attempt);
            this.world.observe();
          });
        }
        break;
      case "open":
        this.#open(action.shard, action.from);
        break;
      case "follow":
        this.#streams.get(action.shard)?.follow(action.ids);
        break;
      case "reconnect":
        break;
      case "close":
        this.#streams.get(action.shard)?.close();
        this.#streams.delete(action.shard);
        break;
      case "update":
        this.#judgeUpdate(action.update as SimulatedUpdate);
    }
  }

  #open(shard: number, from: Extract<TabAction, { readonly kind: "open" }>["from"]): void {
    const stream: SimulatedStream = new SimulatedStream(
      this.world.server,
      this.world.agenda,
      () => this.#delay(),
      (at, work) => this.enqueue(at, work),
      (advance) => {
        if (this.#streams.get(shard) === stream) {
          this.#input(() => this.machine.advance(shard, advance));
        }
      },
      from,
      { keepsCursor: this.world.breakage.keepsCursor !== false },
    );
    this.#streams.set(shard, stream);
  }

  #judgeUpdate({ instance, sequence }: SimulatedUpdate): void {
    const before = this.known.get(instance);
    const next = before === undefined ? undefined : this.world.server.next(instance, before);
    if (before !== undefined && next !== sequence && this.machine.resets === this.#resets) {
      const what = sequence <= before ? "doubled" : "lost";
      throw new Error(`${what}: ${this.name} heard ${instance}'s ${sequence} after ${before}, where ${next} follows`);
    }
    this.known.set(instance, sequence);
  }

  #judgeViews(): void {
    const mayHaveMissed = this.machine.resets > this.#resets;
    this.#resets = this.machine.resets;
    for (const id of this.ids) {
      const text = this.machine.view(id);
      const before = this.known.get(id);
      const view = this.#judged.get(id) === `${text} ${before}` ? null : parseView(text);
      if (view === null) {
        continue;
      }
      if (before !== undefined && view.last !== before && !mayHaveMissed) {
        throw new Error(`lost: ${this.name} knows ${id} up to ${before}, and its view is of ${view.last}`);
      }
      this.known.set(id, view.last);
      this.#judged.set(id, `${text} ${view.last}`);
      const { count } = this.world.server.view(id, view.last);
      if (view.count !== count) {
        throw new Error(`folded wrong: ${this.name}'s view of ${id} has ${view.count} updates of ${count}`);
      }
    }
  }
}
