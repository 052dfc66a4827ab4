import { idBytes, idsBytesMax, idsMax } from "../browser/stream_limits.js";
import type { UpdateSource } from "../browser/update_source.js";
import type { UpdateOf } from "../shared/messages.js";
import type { IdOf, Workflow } from "../workflow/workflow.js";

/** Who hears the updates of a stream. */
export interface UpdateListener<W extends Workflow> {
  hear(update: UpdateOf<W>): void;
}

/** What users share: one id of a stream, or a whole stream. */
export interface Topic<W extends Workflow> {
  /** Null: a whole stream. */
  readonly id: IdOf<W> | null;
  readonly stream: SharedStream<W>;
  /** Those who want its updates now. */
  readonly users: Set<UpdateListener<W>>;
  latestUpdate: UpdateOf<W> | null;
  /** The place of that one among all updates of the page: the larger, the later. 0: there is none. */
  order: number;
}

/** Of the page's updates so far. */
let updates = 0;

/** A source of updates that several users share. It is closed while nobody wants any of its topics. */
export class SharedStream<W extends Workflow> {
  readonly source: UpdateSource<W>;
  /** By their ids; a stream as a whole has the one topic null. */
  readonly topics = new Map<IdOf<W> | null, Topic<W>>();
  #bytes = 0;
  /** True while it is closed because nobody wants it. */
  #isParked = true;
  readonly #stops: readonly (() => void)[];

  constructor(source: UpdateSource<W>, changed: () => void) {
    this.source = source;
    this.#stops = [source.subscribeToUpdates((update) => this.#hear(update)), source.subscribe(changed)];
  }

  get isParked(): boolean {
    return this.#isParked;
  }

  get isWanted(): boolean {
    return [...this.topics.values()].some(({ users }) => users.size > 0);
  }

  #bytesOf(id: IdOf<W> | null): number {
    return id === null ? 0 : idBytes(this.source.workflow, id);
  }

  hasRoomFor(id: IdOf<W>): boolean {
    // Between parameters stands one `&` less than there are parameters.
    return this.topics.size < idsMax && this.#bytes + this.#bytesOf(id) - 1 <= idsBytesMax;
  }

  add(id: IdOf<W> | null): Topic<W> {
    const topic = { id, stream: this, users: new Set<UpdateListener<W>>(), latestUpdate: null, order: 0 };
    this.topics.set(id, topic);
    this.#bytes += this.#bytesOf(id);
    return topic;
  }

  /** Drops the topics that nobody wants. Returns whether there were any. */
  prune(): boolean {
    const before = this.topics.size;
    for (const [id, { users }] of this.topics) {
      if (users.size === 0) {
        this.topics.delete(id);
        this.#bytes -= this.#bytesOf(id);
      }
    }
    return this.topics.size < before;
  }

  /** Has the source follow the topics that there are. */
  follow(): void {
    const ids = [...this.topics.keys()].filter((id) => id !== null);
    if (ids.length > 0) {
      this.source.follow(ids);
    }
  }

  /** Connects the source, or connects it again after it has failed. */
  run(): void {
    if (this.#isParked) {
      this.#isParked = false;
      this.prune();
    }
    this.follow();
    this.source.connect();
  }

  /** Closes the source, which keeps what it knows. */
  park(): void {
    if (!this.#isParked) {
      this.#isParked = true;
      this.source.close();
    }
  }

  dispose(): void {
    this.park();
    this.#stops.forEach((stop) => stop());
  }

  #hear(update: UpdateOf<W>): void {
    const topic = this.topics.get(null) ?? this.topics.get(this.#idOf(update));
    if (topic === undefined) {
      return;
    }
    topic.latestUpdate = update;
    topic.order = ++updates;
    for (const user of [...topic.users]) {
      // An earlier one may have changed who wants it.
      if (topic.users.has(user)) {
        user.hear(update);
      }
    }
  }

  #idOf(update: UpdateOf<W>): IdOf<W> {
    return (update as Readonly<Record<string, unknown>>)[this.source.workflow.id.member] as IdOf<W>;
  }
}
