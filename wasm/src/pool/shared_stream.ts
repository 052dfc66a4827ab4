import { idBytes, idsBytesMax, idsMax } from "../browser/stream_limits.js";
import type { WorkflowSnapshot } from "../browser/stream_options.js";
import type { UpdateSource } from "../browser/update_source.js";
import type { UpdateOf, ViewOf } from "../shared/messages.js";
import type { IdOf, Workflow } from "../workflow/workflow.js";

/** A user of a topic. */
export interface TopicUser<W extends Workflow> {
  receive(update: UpdateOf<W>): void;
  /** Something that the user sees has changed. */
  changed(): void;
}

/** The members of a stream's snapshot that all its users see. */
const facts = ["connection", "reason", "transport", "isConnected", "connections", "resets", "error"] as const;

/** What users share: one id of a stream, or a whole stream. */
export interface Topic<W extends Workflow> {
  /** Null: a whole stream. */
  readonly id: IdOf<W> | null;
  stream: SharedStream<W>;
  /** The server has accepted a stream with this topic. */
  isAccepted: boolean;
  /** The users that receive its updates now. */
  readonly users: Set<TopicUser<W>>;
  /** The view at the last notification of users. */
  view: ViewOf<W> | null;
  /** There was an update since. */
  hasNews: boolean;
  latestUpdate: UpdateOf<W> | null;
  /** The place of `latestUpdate` among all updates of the page: larger is later. 0: none. */
  order: number;
}

/** Counts the page's updates. */
let updates = 0;

/** A source of updates that several users share. It is closed while its topics have no users. */
export class SharedStream<W extends Workflow> {
  readonly source: UpdateSource<W>;
  /** Topics by id. A stream that is shared as a whole has the one topic null. */
  readonly topics = new Map<IdOf<W> | null, Topic<W>>();
  #bytes = 0;
  /** It was split, or split off, to find the id that the server refuses. */
  isProbe = false;
  /** True while it is closed because it has no users. */
  #isParked = true;
  /** The snapshot at the last notification of users. */
  #reported: WorkflowSnapshot<W>;
  readonly #stops: readonly (() => void)[];

  constructor(source: UpdateSource<W>, changed: (stream: SharedStream<W>) => void) {
    this.source = source;
    this.#reported = source.getSnapshot();
    this.#stops = [
      source.subscribeToUpdates((update) => this.#onUpdate(update)),
      source.subscribe(() => changed(this)),
    ];
  }

  get isParked(): boolean {
    return this.#isParked;
  }

  get isOpen(): boolean {
    return this.source.getSnapshot().connection === "open";
  }

  /** The server refuses these ids together, but may allow some of them. */
  get isForbidden(): boolean {
    const { connection, reason } = this.source.getSnapshot();
    return connection === "closed" && reason === "forbidden";
  }

  get isWanted(): boolean {
    return [...this.topics.values()].some(({ users }) => users.size > 0);
  }

  #bytesOf(id: IdOf<W> | null): number {
    return id === null ? 0 : idBytes(this.source.workflow, id);
  }

  hasRoomFor(...ids: readonly (IdOf<W> | null)[]): boolean {
    const bytes = ids.reduce<number>((sum, id) => sum + this.#bytesOf(id), this.#bytes);
    // There is one `&` less than there are parameters.
    return this.topics.size + ids.length <= idsMax && bytes - 1 <= idsBytesMax;
  }

  add(id: IdOf<W> | null): Topic<W> {
    const topic: Topic<W> = {
      id,
      stream: this,
      isAccepted: false,
      users: new Set(),
      view: null,
      hasNews: false,
      latestUpdate: null,
      order: 0,
    };
    this.#insert(topic);
    return topic;
  }

  #insert(topic: Topic<W>): void {
    this.topics.set(topic.id, topic);
    this.#bytes += this.#bytesOf(topic.id);
  }

  #remove({ id }: Topic<W>): void {
    this.topics.delete(id);
    this.#bytes -= this.#bytesOf(id);
  }

  /** Takes over topics of another stream. */
  adopt(topics: readonly Topic<W>[]): void {
    for (const topic of topics) {
      topic.stream.#remove(topic);
      topic.stream = this;
      this.#insert(topic);
    }
  }

  /** The topics that the server may have refused: those never accepted before, or else half of all. */
  suspects(): readonly Topic<W>[] {
    const all = [...this.topics.values()];
    const fresh = all.filter(({ isAccepted }) => !isAccepted);
    return fresh.length > 0 && fresh.length < all.length ? fresh : all.slice(Math.ceil(all.length / 2));
  }

  /**
   * Marks all topics as accepted once the stream is open. Returns whether it has opened since the last notification.
   */
  noteOpened(): boolean {
    if (!this.isOpen || this.#reported.connection === "open") {
      return false;
    }
    this.topics.forEach((topic) => {
      topic.isAccepted = true;
    });
    return true;
  }

  /** Notifies users of changes: a topic's users of its own, all users of the connection's. */
  notifyUsers(): void {
    const before = this.#reported;
    this.#reported = this.source.getSnapshot();
    const isWhole = this.topics.has(null);
    const concernsAll = isWhole || facts.some((name) => this.#reported[name] !== before[name]);
    const concerned = new Set<TopicUser<W>>();
    for (const topic of this.topics.values()) {
      const view = topic.id === null ? null : this.source.view(topic.id);
      if (concernsAll || topic.hasNews || topic.view !== view) {
        topic.users.forEach((user) => concerned.add(user));
      }
      topic.hasNews = false;
      topic.view = view;
    }
    concerned.forEach((user) => user.changed());
  }

  /** Removes topics without users. Returns whether there were any. */
  prune(): boolean {
    const before = this.topics.size;
    for (const topic of this.topics.values()) {
      if (topic.users.size === 0) {
        this.#remove(topic);
      }
    }
    return this.topics.size < before;
  }

  /** Lets the source follow the current topics. */
  follow(): void {
    const ids = [...this.topics.keys()].filter((id) => id !== null);
    if (ids.length > 0) {
      this.source.follow(ids);
    }
  }

  /** Connects the source, also again after a failure. */
  run(): void {
    if (this.#isParked) {
      this.#isParked = false;
      this.prune();
    }
    this.follow();
    this.source.connect();
  }

  /** Closes the source, which keeps its views. */
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

  #onUpdate(update: UpdateOf<W>): void {
    const topic = this.topics.get(null) ?? this.topics.get(this.#idOf(update));
    if (topic === undefined) {
      return;
    }
    topic.latestUpdate = update;
    topic.hasNews = true;
    topic.order = ++updates;
    for (const user of [...topic.users]) {
      // An earlier user's listener may have removed this one.
      if (topic.users.has(user)) {
        user.receive(update);
      }
    }
  }

  #idOf(update: UpdateOf<W>): IdOf<W> {
    return (update as Readonly<Record<string, unknown>>)[this.source.workflow.id.member] as IdOf<W>;
  }
}
