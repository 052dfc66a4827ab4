import type { IdOf, Workflow } from "../workflow/workflow.js";
import type { SourceOptions } from "./create_source.js";
import { createSource } from "./create_source.js";
import type { EndpointOptions } from "./endpoint.js";
import type { Topic, TopicUser } from "./shared_stream.js";
import { SharedStream } from "./shared_stream.js";

/**
 * What a user follows. Users of `some` ids share streams, whatever their ids. Users of `every` instance share one
 * stream. Users of one instance's `final` outcome share a stream that ends with it.
 */
export type Subject<W extends Workflow> =
  | { readonly kind: "every"; readonly id?: never }
  | { readonly kind: "some"; readonly ids: readonly IdOf<W>[] }
  | { readonly kind: "final"; readonly id: IdOf<W> };

/** A user of a pool. */
export interface PoolUser<W extends Workflow> extends TopicUser<W> {
  readonly subject: Subject<W>;
}

/** The streams of one endpoint: as few as possible, while an id stays on its stream as long as it has users. */
export class StreamPool<W extends Workflow> {
  readonly #workflow: W;
  readonly #options: EndpointOptions;
  readonly #emptied: () => void;
  /** Streams of single ids. Each id is on one of them. */
  readonly #streams = new Set<SharedStream<W>>();
  /** Streams that are shared as a whole, by the instance that they end with; undefined: every instance. */
  readonly #wholeStreams = new Map<IdOf<W> | undefined, SharedStream<W>>();
  readonly #users = new Set<PoolUser<W>>();
  #isSettling = false;

  /** `emptied` is called once the last user has left. */
  constructor(workflow: W, options: EndpointOptions, emptied: () => void) {
    this.#workflow = workflow;
    this.#options = options;
    this.#emptied = emptied;
  }

  get streamCount(): number {
    return this.#streams.size + this.#wholeStreams.size;
  }

  /** Keeps the views of the user's subject from now on. Streams are opened by `want`. */
  join(user: PoolUser<W>): void {
    this.#users.add(user);
  }

  /** Ends `join` and `want`, a microtask later: this user, or another one, may want the streams by then. */
  leave(user: PoolUser<W>): void {
    this.#users.delete(user);
    this.#forget(user);
    if (!this.#isSettling) {
      this.#isSettling = true;
      queueMicrotask(() => this.#settle());
    }
  }

  /** Follows the user's subject and connects its streams, also again after a failure. Returns the topics. */
  want(user: PoolUser<W>): readonly Topic<W>[] {
    // First the ids that have a place already: the others may take the room of topics without users.
    this.find(user.subject).forEach(({ users }) => users.add(user));
    const topics = this.#place(user);
    new Set(topics.map(({ stream }) => stream)).forEach((stream) => stream.run());
    return topics;
  }

  /** Ends `want`, at once. */
  unwant(user: PoolUser<W>): void {
    this.#forget(user);
    this.#settle();
  }

  #forget(user: PoolUser<W>): void {
    this.find(user.subject).forEach(({ users }) => users.delete(user));
  }

  /** Lets streams follow the topics with users, and closes streams without any. */
  #settle(): void {
    this.#isSettling = false;
    for (const stream of this.#allStreams()) {
      if (!stream.isWanted) {
        stream.park();
      } else if (stream.prune()) {
        stream.follow();
      }
    }
    this.#dropForgotten();
    if (this.#users.size === 0) {
      this.#emptied();
    }
  }

  /** The existing topics of a subject. */
  find(subject: Subject<W>): readonly Topic<W>[] {
    if (subject.kind === "some") {
      return subject.ids.flatMap((id) => this.#topicOf(id) ?? []);
    }
    const topic = this.#wholeStreams.get(subject.id)?.topics.get(null);
    return topic === undefined ? [] : [topic];
  }

  /** The open streams that will most likely follow a subject once a user wants it. Changes nothing. */
  foresee(subject: Subject<W>): ReadonlySet<SharedStream<W>> {
    const topics = this.find(subject).filter(({ stream }) => !stream.isParked);
    const streams = new Set(topics.map(({ stream }) => stream));
    const [next] = [...this.#streams].filter(({ isParked, isForbidden }) => !isParked && !isForbidden);
    if (subject.kind === "some" && topics.length < subject.ids.length && next !== undefined) {
      streams.add(next);
    }
    return streams;
  }

  #topicOf(id: IdOf<W>): Topic<W> | undefined {
    for (const { topics } of this.#streams) {
      const topic = topics.get(id);
      if (topic !== undefined) {
        return topic;
      }
    }
    return undefined;
  }

  #place(user: PoolUser<W>): readonly Topic<W>[] {
    const { subject } = user;
    const wanted = (topic: Topic<W>) => {
      topic.users.add(user);
      return topic;
    };
    if (subject.kind === "some") {
      return subject.ids.map((id) => wanted(this.#topicOf(id) ?? this.#streamFor(id).add(id)));
    }
    const { id } = subject;
    const stream = this.#wholeStreams.get(id) ?? this.#create(id === undefined ? {} : { id, until: "final" });
    this.#wholeStreams.set(id, stream);
    return [wanted(stream.topics.get(null) ?? stream.add(null))];
  }

  /** A stream that has, or can make, room for one more id. */
  #streamFor(id: IdOf<W>): SharedStream<W> {
    const streams = [...this.#streams];
    const makesRoom = (stream: SharedStream<W>) => {
      stream.prune();
      return stream.hasRoomFor(id);
    };
    const stream =
      streams.find((one) => !one.isParked && !one.isForbidden && one.hasRoomFor(id)) ??
      streams.find((one) => !one.isForbidden && makesRoom(one)) ??
      this.#create({ ids: [id] });
    this.#streams.add(stream);
    return stream;
  }

  #create(options: Pick<SourceOptions<W>, "id" | "ids" | "until">): SharedStream<W> {
    const source = createSource(this.#workflow, { ...this.#options, ...options });
    return new SharedStream(source, (stream) => this.#changed(stream));
  }

  #changed(stream: SharedStream<W>): void {
    const hasOpened = stream.noteOpened();
    if (stream.isForbidden && stream.topics.size > 1) {
      this.#split(stream);
    } else if (hasOpened) {
      this.#reunite();
    }
    stream.notifyUsers();
  }

  /** One forbidden id must not cost the others their stream: finds it by trying parts of the stream. */
  #split(stream: SharedStream<W>): void {
    const suspects = stream.suspects();
    const probe = this.#create({ ids: suspects.flatMap(({ id }) => id ?? []) });
    probe.isProbe = true;
    probe.adopt(suspects);
    stream.isProbe = [...stream.topics.values()].every(({ isAccepted }) => !isAccepted);
    this.#streams.add(probe);
    stream.run();
    probe.run();
  }

  /** Reunites the parts that the server has accepted. */
  #reunite(): void {
    for (const probe of [...this.#streams].filter(({ isProbe, isOpen }) => isProbe && isOpen)) {
      const ids = [...probe.topics.keys()];
      const home = [...this.#streams].find((one) => one !== probe && one.isOpen && one.hasRoomFor(...ids));
      if (home !== undefined) {
        const topics = [...probe.topics.values()];
        home.adopt(topics);
        home.follow();
        new Set(topics.flatMap(({ users }) => [...users])).forEach((user) => user.changed());
        probe.dispose();
        this.#streams.delete(probe);
      }
    }
  }

  /** Disposes of a closed stream once no user may come back to its views. */
  #dropForgotten(): void {
    const parked = this.#allStreams().filter(({ isParked }) => isParked);
    if (parked.length === 0) {
      return;
    }
    const known = new Set([...this.#users].flatMap(({ subject }) => this.find(subject)).map(({ stream }) => stream));
    for (const stream of parked.filter((one) => !known.has(one))) {
      stream.dispose();
      this.#streams.delete(stream);
      this.#wholeStreams.forEach((one, id) => one === stream && this.#wholeStreams.delete(id));
    }
  }

  #allStreams(): readonly SharedStream<W>[] {
    return [...this.#streams, ...this.#wholeStreams.values()];
  }
}

// One pool for each workflow and endpoint, while it has users.
const pools = new Map<Workflow, Map<string, unknown>>();

/** The pool of an endpoint (`endpointKey`), if it has users. */
export function poolAt<W extends Workflow>(workflow: W, key: string): StreamPool<W> | undefined {
  // `openPool` makes each pool for its workflow.
  return pools.get(workflow)?.get(key) as StreamPool<W> | undefined;
}

/** The pool of an endpoint, for a user that joins at once. */
export function openPool<W extends Workflow>(workflow: W, key: string, options: EndpointOptions): StreamPool<W> {
  const pool = poolAt(workflow, key);
  if (pool !== undefined) {
    return pool;
  }
  const ofWorkflow = pools.get(workflow) ?? new Map<string, unknown>();
  const opened = new StreamPool(workflow, options, () => {
    if (ofWorkflow.get(key) === opened) {
      ofWorkflow.delete(key);
    }
  });
  pools.set(workflow, ofWorkflow.set(key, opened));
  return opened;
}

/** The number of streams of all pools. */
export function sharedStreamCount(): number {
  const all = [...pools.values()].flatMap((ofWorkflow) => [...ofWorkflow.values()]);
  return all.reduce<number>((count, pool) => count + (pool as StreamPool<Workflow>).streamCount, 0);
}
