import type { Term } from "./election.js";
import type { Batch, Id, ShardPlace, TabMessage } from "./messages.js";
import { idle, Shard } from "./shard.js";
import type { Advance, TabAction, TabOptions } from "./tab_actions.js";

/** The interval of roll calls. A tab that has not answered by the next one is no longer followed. */
export const rollCallMs = 120_000;

/** The place of a tab that has received nothing of a stream. */
const nowhere: ShardPlace = { cursor: null, covered: [] };

type Hello = Extract<TabMessage, { readonly kind: "hello" }>;

/**
 * A tab's work while it holds the lock: runs streams of all tabs' ids, posts what they bring, and brings tabs that say
 * hello up to date.
 */
export class Owner {
  readonly #options: TabOptions;
  readonly #shards: Shard[];
  readonly #act: (action: TabAction) => void;
  readonly #term: Term;
  readonly #open = new Set<number>();
  readonly #asked = new Map<string, ReadonlySet<Id>>();
  /** The tabs that have said hello since the last roll call. */
  readonly #present = new Set<string>();
  #callAt: number;
  /** True after the first roll call. Until then there may be tabs that the owner does not know of. */
  #knowsAll = false;

  /** Continues from `shards`, which belong to the tab. */
  constructor(
    options: TabOptions,
    shards: Shard[],
    act: (action: TabAction) => void,
    { term, ids, now }: { readonly term: Term; readonly ids: ReadonlySet<Id>; readonly now: number },
  ) {
    this.#options = options;
    this.#shards = shards;
    this.#act = act;
    this.#term = term;
    this.#callAt = now + rollCallMs;
    this.#asked.set(options.tab, ids);
    shards[0] ??= new Shard();
    for (const shard of shards) {
      shard.begin();
      shard.status = idle;
    }
    this.#add(ids);
    shards.forEach((_, index) => this.#serve(index));
    this.#postStatus(true);
  }

  /** When the next roll call is due. */
  get deadline(): number {
    return this.#callAt;
  }

  stop(): void {
    this.#open.forEach((shard) => this.#act({ kind: "close", shard }));
  }

  onHello(hello: Hello): void {
    this.#present.add(hello.tab);
    this.#asked.set(hello.tab, new Set(hello.ids));
    this.#add(new Set(hello.ids)).forEach((index) => this.#serve(index));
    this.#drop();
    if (hello.reconnects) {
      this.#open.forEach((shard) => this.#act({ kind: "reconnect", shard }));
    }
    if (hello.tab !== this.#options.tab) {
      this.#shards.forEach((shard, index) => this.#catchUp(hello.tab, shard, index, hello.places[index] ?? nowhere));
    }
    // Posted last: a tab that receives it knows that nothing else is missing.
    this.#postStatus(false);
  }

  onBye(tab: string): void {
    this.#asked.delete(tab);
    this.#drop();
  }

  callRoll(now: number): void {
    for (const tab of this.#asked.keys()) {
      if (tab !== this.#options.tab && !this.#present.has(tab)) {
        this.#asked.delete(tab);
      }
    }
    this.#present.clear();
    this.#knowsAll = true;
    this.#callAt = now + rollCallMs;
    this.#drop();
    this.#postStatus(true);
  }

  /** Handles news of one of the streams. `apply` applies the batch to this tab itself. */
  advance(index: number, advance: Advance, apply: (batch: Batch) => void): void {
    const shard = this.#shards[index];
    if (shard === undefined) {
      return;
    }
    const { cursor, updates, views, resets, status } = advance;
    const covered = [...shard.ids].filter((id) => advance.isCovered(id) && !shard.covered.has(id));
    if (updates.length + views.length + covered.length + resets > 0 || cursor !== shard.cursor) {
      const batch: Batch = { after: shard.cursor ?? "", upTo: cursor, updates, views, covered, resets };
      this.#act({ kind: "post", message: { kind: "batch", term: this.#term, tab: null, shard: index, batch } });
      apply(batch);
    }
    const hasChanged = JSON.stringify(shard.status) !== JSON.stringify(status);
    shard.status = status;
    if (hasChanged || covered.length > 0) {
      this.#postStatus(false);
    }
  }

  #postStatus(calls: boolean): void {
    const shards = this.#shards.map((shard) => shard.report());
    this.#act({ kind: "post", message: { kind: "status", term: this.#term, shards, calls } });
  }

  #isUsed(shard: Shard): boolean {
    return this.#options.followsAll || shard.ids.size > 0;
  }

  /** Sends a tab at `place` what it lacks. */
  #catchUp(tab: string, shard: Shard, index: number, place: ShardPlace): void {
    const batch = this.#isUsed(shard) ? shard.missingAt(place) : null;
    if (batch !== null) {
      this.#act({ kind: "post", message: { kind: "batch", term: this.#term, tab, shard: index, batch } });
    }
  }

  /** Assigns a stream to each of `ids` that has none. Returns the streams that have changed. */
  #add(ids: ReadonlySet<Id>): ReadonlySet<number> {
    const changed = new Set<number>();
    for (const id of ids) {
      if (!this.#shards.some((shard) => shard.ids.has(id))) {
        const found = this.#shards.findIndex((shard) => this.#options.fits([...shard.ids, id]));
        const index = found < 0 ? this.#shards.length : found;
        const shard = (this.#shards[index] ??= new Shard());
        shard.begin();
        shard.setIds(new Set([...shard.ids, id]));
        changed.add(index);
      }
    }
    return changed;
  }

  /** Drops ids that no tab asks for. */
  #drop(): void {
    if (!this.#knowsAll) {
      return;
    }
    const asked = new Set([...this.#asked.values()].flatMap((ids) => [...ids]));
    this.#shards.forEach((shard, index) => {
      const ids = [...shard.ids].filter((id) => asked.has(id));
      if (ids.length < shard.ids.size) {
        shard.setIds(new Set(ids));
        this.#serve(index);
      }
    });
  }

  /** Makes the shard's stream follow the shard's ids. */
  #serve(index: number): void {
    const shard = this.#shards[index];
    if (shard === undefined || !this.#isUsed(shard)) {
      if (this.#open.delete(index)) {
        this.#act({ kind: "close", shard: index });
      }
    } else if (this.#open.has(index)) {
      this.#act({ kind: "follow", shard: index, ids: [...shard.ids] });
    } else {
      this.#open.add(index);
      this.#act({ kind: "open", shard: index, from: shard });
    }
  }
}
