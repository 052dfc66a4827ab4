/**
 * One of the tabs that share a stream. It takes part in the election, keeps what the owner posts, and is the owner
 * itself while it holds the lock. Each tab keeps everything that the owner has, so that any of them can continue in its
 * place.
 */

import { Election } from "./election.js";
import type { Batch, Id, ShardStatus, TabMessage } from "./messages.js";
import { Owner } from "./owner.js";
import { idle, Shard } from "./shard.js";
import type { Advance, TabAction, TabOptions } from "./tab_actions.js";

/** A tab that lacks something waits this long for the owner's answer before it asks again. */
export const helloMsMin = 2_000;

export class TabMachine {
  readonly #options: TabOptions;
  readonly #election: Election;
  #isIn = false;
  #ids: ReadonlySet<Id> = new Set();
  readonly #shards: Shard[] = [];
  /** The shard that last covered each of the tab's ids. */
  readonly #coveredBy = new Map<Id, Shard>();
  /** Ids that are no longer covered: updates may have been missed by the time that they are again. */
  readonly #lost = new Set<Id>();
  #resets = 0;
  /** When the tab said hello; null: the owner has answered. */
  #helloAt: number | null = null;
  #owner: Owner | null = null;
  readonly #actions: TabAction[] = [];

  constructor(options: TabOptions) {
    this.#options = options;
    this.#election = new Election(options.tab);
  }

  get followsAll(): boolean {
    return this.#options.followsAll;
  }

  get isOwner(): boolean {
    return this.#owner !== null;
  }

  /** How often this tab may have missed updates. */
  get resets(): number {
    return this.#resets;
  }

  /** A view in the form of `ViewReader.toJson`. Empty: none yet. */
  view(id: Id): string {
    return this.#shards.find(({ ids }) => ids.has(id))?.view(id) ?? "";
  }

  /** The combined status of the streams of this tab's ids. */
  status(): ShardStatus {
    const statuses = this.#mine().map(({ status }) => status);
    const worst = statuses.find(({ connection }) => connection !== "open") ?? statuses[0];
    return worst === undefined || !this.#areNamed()
      ? idle
      : { ...worst, isConnected: statuses.every(({ isConnected }) => isConnected) };
  }

  /** Takes part from now on: the page asked for it, or is back. */
  join(isVisible: boolean, now: number): void {
    if (!this.#isIn) {
      this.#isIn = true;
      // The streams' earlier status is stale.
      this.#shards.forEach((shard) => (shard.status = idle));
      this.#election.join(isVisible, now);
      this.#sayHello(now, true);
      this.#carryOut(now);
    }
  }

  /** Stops taking part. `isForGood`: it will not continue from its position. */
  leave(isForGood: boolean, now: number): void {
    if (this.#isIn) {
      this.#isIn = false;
      this.#election.leave();
      this.#carryOut(now);
      if (isForGood) {
        this.#post({ kind: "bye", tab: this.#options.tab });
      }
    }
  }

  setVisible(isVisible: boolean): void {
    this.#election.setVisible(isVisible);
  }

  /** The lock was granted. `time` is the calendar's, in milliseconds since the Unix epoch. */
  granted(attempt: number, now: number, time: number): void {
    this.#election.granted(attempt, time);
    this.#carryOut(now);
  }

  lost(attempt: number, now: number): void {
    this.#election.lost(attempt, now);
    this.#carryOut(now);
  }

  /** Sets the instances that the page asks for. */
  follow(ids: readonly Id[], now: number): void {
    this.#ids = new Set(ids);
    for (const id of [...this.#coveredBy.keys()].filter((known) => !this.#ids.has(known))) {
      this.#coveredBy.delete(id);
      this.#lost.delete(id);
    }
    if (this.#isIn) {
      this.#sayHello(now);
      this.#checkCoverage();
    }
  }

  /** Restarts streams that were closed for good. */
  reconnect(now: number): void {
    this.#sayHello(now, true);
  }

  /** When to call `handleDeadline`; Infinity: not for now. */
  deadline(): number {
    const isBehind = this.#isIn && !this.isOwner && !this.#isSynced();
    const sync = isBehind && this.#helloAt !== null ? this.#helloAt + helloMsMin : Infinity;
    return Math.min(this.#election.deadline(), sync, this.#owner?.deadline ?? Infinity);
  }

  handleDeadline(now: number): void {
    this.#election.handleDeadline(now);
    this.#carryOut(now);
    if (this.#owner !== null && now >= this.#owner.deadline) {
      this.#owner.callRoll(now);
    }
    this.#settle(now);
  }

  message(message: TabMessage, now: number): void {
    if (!this.#isIn) {
      return;
    }
    switch (message.kind) {
      case "hello":
        this.#owner?.onHello(message);
        return;
      case "bye":
        this.#owner?.onBye(message.tab);
        return;
      case "status":
      case "batch":
        if (this.#election.heard(message.term, now)) {
          this.#carryOut(now);
          this.#onOwnerMessage(message, now);
          this.#settle(now);
        }
    }
  }

  /** One of this owner's streams has brought something, or is in another state. */
  advance(shard: number, advance: Advance): void {
    this.#owner?.advance(shard, advance, (batch) => this.#apply(shard, batch));
    this.#checkCoverage();
  }

  poll(): TabAction | null {
    return this.#actions.shift() ?? null;
  }

  #post(message: TabMessage): void {
    this.#actions.push({ kind: "post", message });
  }

  #carryOut(now: number): void {
    for (let action = this.#election.poll(); action !== null; action = this.#election.poll()) {
      switch (action.kind) {
        case "ask":
          this.#sayHello(now);
          break;
        case "lead": {
          const start = { term: action.term, ids: this.#ids, now };
          this.#owner = new Owner(this.#options, this.#shards, (wanted) => this.#actions.push(wanted), start);
          break;
        }
        case "stop":
          this.#owner?.stop();
          this.#owner = null;
          break;
        default:
          this.#actions.push(action);
      }
    }
  }

  #onOwnerMessage(message: Extract<TabMessage, { readonly kind: "status" | "batch" }>, now: number): void {
    if (message.kind === "batch") {
      if (message.tab === null || message.tab === this.#options.tab) {
        this.#apply(message.shard, message.batch);
      }
      return;
    }
    message.shards.forEach((report, index) => this.#shardAt(index).read(report));
    this.#shards.slice(message.shards.length).forEach((shard) => shard.setIds(new Set()));
    this.#helloAt = null;
    if (message.calls) {
      this.#sayHello(now);
    }
  }

  #shardAt(index: number): Shard {
    while (this.#shards.length <= index) {
      this.#shards.push(new Shard());
    }
    return this.#shards[index] as Shard;
  }

  #apply(index: number, batch: Batch): void {
    const shard = this.#shardAt(index);
    const applied = shard.apply(batch);
    if (applied.kind !== "applied") {
      return;
    }
    const { followsAll, instanceOf } = this.#options;
    if (followsAll || [...this.#coveredBy.values()].includes(shard)) {
      this.#resets += applied.resets;
    }
    for (const update of applied.updates) {
      if (followsAll || this.#ids.has(instanceOf(update))) {
        this.#actions.push({ kind: "update", update });
      }
    }
  }

  /** Counts a reset if an instance is covered again, or by another stream than before. */
  #checkCoverage(): void {
    let hasMissed = false;
    for (const id of this.#ids) {
      const before = this.#coveredBy.get(id);
      const shard = this.#shards.find((one) => one.covers(id));
      if (shard === undefined) {
        if (before !== undefined) {
          this.#lost.add(id);
        }
      } else {
        const isAgain = this.#lost.delete(id);
        hasMissed ||= isAgain || (before !== undefined && before !== shard);
        this.#coveredBy.set(id, shard);
      }
    }
    this.#resets += hasMissed ? 1 : 0;
  }

  #mine(): readonly Shard[] {
    const ids = [...this.#ids];
    return this.#options.followsAll
      ? this.#shards.slice(0, 1)
      : this.#shards.filter((shard) => ids.some((id) => shard.ids.has(id)));
  }

  #areNamed(): boolean {
    return [...this.#ids].every((id) => this.#shards.some(({ ids }) => ids.has(id)));
  }

  #isSynced(): boolean {
    if (this.#options.followsAll) {
      return this.#shards[0]?.isSynced === true;
    }
    return this.#areNamed() && this.#shards.every((shard) => shard.ids.size === 0 || shard.isSynced);
  }

  #settle(now: number): void {
    this.#checkCoverage();
    const mayAsk = this.#helloAt === null || now >= this.#helloAt + helloMsMin;
    if (mayAsk && this.#isIn && !this.isOwner && !this.#isSynced()) {
      this.#sayHello(now);
    }
  }

  #sayHello(now: number, reconnects = false): void {
    const places = this.#shards.map(({ place }) => place);
    const hello = { kind: "hello", tab: this.#options.tab, ids: [...this.#ids], places, reconnects } as const;
    if (this.#owner !== null) {
      this.#owner.onHello(hello);
    } else {
      this.#helloAt = now;
      this.#post(hello);
    }
  }
}
