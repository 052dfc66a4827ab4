import type { Id } from "../../src/tabs/messages.js";
import { Agenda, createRandom, SimulatedChannel, SimulatedLock } from "./simulated_browser.js";
import { SimulatedServer } from "./simulated_server.js";
import type { Breakage } from "./simulated_tab.js";
import { SimulatedTab } from "./simulated_tab.js";

/** How long two running tabs may own the stream: until the notice of a theft arrives. */
export const twoOwnersMsMax = 100;
/**
 * How long there may be no owner while one visible tab runs. It gets no message for 10 s, may be in a long task of 3 s
 * when it should ask and again when the answer should come, and so asks again; the rest is message delay.
 */
export const noOwnerMsMax = 22_000;

/** How long a suspended page may hold the lock: its message, or the grant, is on the way. */
const keptLockMsMax = 100;

const instances: readonly Id[] = [1, 2, 3, 4, 5];
const tabsMax = 5;
const faults = 14;
const longTaskMsMax = 3_000;

/** The events of a schedule. */
export interface Outcome {
  readonly resets: number;
  /** In tabs that were never frozen, away, or blocked. */
  readonly resetsWithoutReason: number;
  readonly changesOfOwner: number;
  readonly steals: number;
}

class Schedule {
  readonly agenda = new Agenda();
  readonly random: () => number;
  readonly server = new SimulatedServer();
  readonly tabs: SimulatedTab[] = [];
  readonly lock: SimulatedLock;
  readonly channel: SimulatedChannel;
  #created = 0;
  #twoSince: number | null = null;
  #noneSince: number | null = null;
  #keptSince: number | null = null;
  #lastOwner: SimulatedTab | null = null;
  changesOfOwner = 0;

  constructor(
    seed: number,
    readonly breakage: Breakage,
  ) {
    this.random = createRandom(seed);
    const delay = () => this.random() * 20;
    this.lock = new SimulatedLock(this.agenda, delay);
    this.channel = new SimulatedChannel(this.agenda, delay, this.tabs);
    instances.forEach((instance) => this.server.publish(instance));
  }

  observe(): void {
    const owners = this.tabs.filter((tab) => tab.isRunningOwner);
    const watched = this.tabs.filter((tab) => tab.state === "running" && tab.isVisible);
    const watchedSince = Math.min(...watched.map((tab) => tab.watchedSince));
    this.#twoSince = this.#judge(this.#twoSince, owners.length > 1, twoOwnersMsMax, "two owners");
    const hadNone = this.#noneSince === null ? null : Math.max(this.#noneSince, watchedSince);
    const hasNone = owners.length === 0 && watched.length > 0;
    this.#noneSince = this.#judge(hadNone, hasNone, noOwnerMsMax, "no owner");
    const isKept = this.tabs.some((tab) => tab.state === "away" && tab === this.lock.holder?.client);
    this.#keptSince = this.#judge(this.#keptSince, isKept, keptLockMsMax, "a page that is put away holds the lock");
    const [owner] = owners;
    if (owner !== undefined && owner !== this.#lastOwner) {
      this.#lastOwner = owner;
      this.changesOfOwner += 1;
    }
  }

  #judge(since: number | null, holds: boolean, msMax: number, what: string): number | null {
    const { now } = this.agenda;
    if (since !== null && now - since > msMax) {
      throw new Error(`${what} for ${Math.round(now - since)} ms`);
    }
    return holds ? (since ?? now) : null;
  }

  /** Runs faults and updates in turn, lets everything settle, and judges the state of each live tab. */
  run(): void {
    this.#open(true);
    for (let index = 0; index < faults; ++index) {
      const publishes = Math.floor(this.random() * 4);
      for (let update = 0; update < publishes; ++update) {
        this.#pass(this.random() * 300);
        this.server.publish(this.#pick(instances));
      }
      this.#fault();
      this.#pass(this.random() < 0.5 ? this.random() * 200 : this.random() * 8_000);
    }
    if (!this.tabs.some((tab) => tab.state === "running" && tab.isVisible)) {
      this.#open(true);
    }
    this.#pass(40_000);
    this.server.publish(this.#pick(instances));
    this.#pass(30_000);
    this.observe();
    this.#judgeEnd();
  }

  #pass(ms: number): void {
    this.agenda.runUntil(this.agenda.now + ms);
  }

  #pick<T>(values: readonly T[]): T {
    return values[Math.floor(this.random() * values.length)] as T;
  }

  #someIds(): readonly Id[] {
    const first = Math.floor(this.random() * instances.length);
    const two = [0, 1].map((step) => instances[(first + step) % instances.length] as Id);
    return this.random() < 0.5 ? two : two.slice(1);
  }

  #open(isVisible = this.random() < 0.7): void {
    this.#created += 1;
    this.tabs.push(new SimulatedTab(this, `tab ${this.#created}`, this.#someIds(), isVisible));
  }

  /** A tab in one of `states`; the owner is chosen more often than others. */
  #tab(...states: SimulatedTab["state"][]): SimulatedTab | undefined {
    const tabs = this.tabs.filter(({ state }) => states.includes(state));
    const owner = tabs.find((tab) => tab.machine.isOwner);
    return owner !== undefined && this.random() < 0.5 ? owner : tabs.length === 0 ? undefined : this.#pick(tabs);
  }

  #fault(): void {
    const live = this.tabs.filter(({ state }) => state !== "dead").length;
    const kinds = [
      () => void (live < tabsMax && this.#open()),
      () => void (live < tabsMax && this.#open()),
      () => this.#tab("running")?.freeze(),
      () => this.#tab("frozen")?.resume(),
      () => this.#tab("running")?.putAway(),
      () => this.#tab("away")?.restore(),
      () => this.#tab("running", "frozen", "away")?.crash(),
      () => this.#tab("running")?.unload(),
      () => this.#toggle(this.#tab("running")),
      () => this.#toggle(this.#tab("running")),
      () => this.#tab("running")?.block(this.random() * longTaskMsMax),
      () => this.#tab("running")?.follow(this.#someIds()),
      () => this.#tab("running")?.loseStreams(),
    ];
    this.#pick(kinds)();
    this.observe();
  }

  #toggle(tab: SimulatedTab | undefined): void {
    tab?.setVisible(!tab.isVisible);
  }

  #judgeEnd(): void {
    const running = this.tabs.filter(({ state }) => state === "running");
    const owners = running.filter((tab) => tab.isRunningOwner);
    const head = this.server.history.length;
    if (owners.length !== 1 || this.lock.holder?.client !== owners[0]) {
      throw new Error(`at the end ${owners.length} tabs own the stream`);
    }
    for (const tab of running) {
      for (const id of tab.ids) {
        const { last } = this.server.view(id, head);
        if (tab.known.get(id) !== last) {
          throw new Error(`lost: at the end ${tab.name} knows ${id} up to ${tab.known.get(id)} of ${last}`);
        }
      }
      if (!tab.machine.status().isConnected) {
        throw new Error(`at the end ${tab.name} shows ${tab.machine.status().connection}`);
      }
    }
  }

  outcome(): Outcome {
    const sum = (tabs: readonly SimulatedTab[]) => tabs.reduce((total, tab) => total + tab.resets, 0);
    return {
      resets: sum(this.tabs),
      resetsWithoutReason: sum(this.tabs.filter(({ wasAlwaysHere }) => wasAlwaysHere)),
      changesOfOwner: this.changesOfOwner,
      steals: this.lock.steals,
    };
  }
}

/** Runs one schedule. Throws an error that names the violation and the seed. */
export function runSchedule(seed: number, breakage: Breakage = {}): Outcome {
  const schedule = new Schedule(seed, breakage);
  try {
    schedule.run();
  } catch (error) {
    const { message } = error as Error;
    throw new Error(`seed ${seed}, at ${Math.round(schedule.agenda.now)} ms: ${message}`, { cause: error });
  }
  return schedule.outcome();
}
