import type { IdOf, Workflow } from "../workflow/workflow.js";
import type { SourceOptions } from "./create_source.js";
import { createSource } from "./create_source.js";
import type { EndpointOptions } from "./endpoint.js";
import type { Topic, TopicUser } from "./shared_stream.js";
import { SharedStream } from "./shared_stream.js";

/**
 * What a user follows. Users of `some` share streams, whatever their ids; those of `every` instance share one stream of
 * all, and those of one `final` outcome a stream that ends with it.
 */
export type Subject<W extends Workflow> =
  | { readonly kind: "every"; readonly id?: never }
  | { readonly kind: "some"; readonly ids: readonly IdOf<W>[] }
  | { readonly kind: "final"; readonly id: IdOf<W> };

/** Who uses a pool. */
export interface PoolUser<W extends Workflow> extends TopicUser<W> {
  readonly subject: Subject<W>;
}

/** The streams of one endpoint: as few as there can be while an id stays on its stream for as long as it is wanted. */
export class StreamPool<W extends Workflow> {
  readonly #workflow: W;
  readonly #options: EndpointOptions;
  readonly #emptied: () => void;
  /** Of ids that users want, each on one of these. */
  readonly #streams = new Set<SharedStream<W>>();
  /** Those that are shared as a whole, by the instance that they end with; undefined: of every instance. */
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

  /** Keeps what is known of the user's subject from now on, which has no stream before `want`. */
  join(user: PoolUser<W>): void {
    this.#users.add(user);
  }

  /** Ends that, and `want`, a microtask later: the user, or another one, may want the streams by then. */
  leave(user: PoolUser<W>): void {
    this.#users.delete(user);
    this.#forget(user);
    if (!this.#isSettling) {
      this.#isSettling = true;
      queueMicrotask(() => this.#settle());
    }
  }

  /** Has the user's subject followed, and connects, or connects again, the streams that do. Returns its topics. */
  want(user: PoolUser<W>): readonly Topic<W>[] {
    // First what has a place already: the others may take the room of what nobody wants.
    this.find(user.subject).forEach(({ users }) => users.add(user));
    const topics = this.#place(user);
    new Set(topics.map(({ stream }) => stream)).forEach((stream) => stream.run());
    return topics;
  }

  /** Ends that, at once. */
  unwant(user: PoolUser<W>): void {
    this.#forget(user);
    this.#settle();
  }

  #forget(user: PoolUser<W>): void {
    this.find(user.subject).forEach(({ users }) => users.delete(user));
  }

  /** Has streams follow what is wanted, and closes those that nobody wants. */
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

  /** The topics of a subject, as far as there are any. */
  find(subject: Subject<W>): readonly Topic<W>[] {
    if (subject.kind === "some") {
      return subject.ids.flatMap((id) => this.#topicOf(id) ?? []);
    }
    const topic = this.#wholeStreams.get(subject.id)?.topics.get(null);
    return topic === undefined ? [] : [topic];
  }

  /** The open streams that will most likely follow a subject once it is wanted. Changes nothing. */
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

  /** A stream that has room for one more id, or can make some. */
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

  /** One id that a user may not see must not cost the others theirs: finds it by trying parts of the stream. */
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

  /** The parts that the server has let in become one stream again. */
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

  /** A closed stream goes with the last user who may come back to what it knows. */
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

// One pool of each workflow and endpoint, while it has users.
const pools = new Map<Workflow, Map<string, unknown>>();

/** The pool of an endpoint (`endpointKey`), if it has users. */
export function poolAt<W extends Workflow>(workflow: W, key: string): StreamPool<W> | undefined {
  // Each pool was made for its workflow: `openPool` does it.
  return pools.get(workflow)?.get(key) as StreamPool<W> | undefined;
}

/** The pool of an endpoint, for a user who joins it at once. */
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

/** How many streams all pools have now. */
export function sharedStreamCount(): number {
  const all = [...pools.values()].flatMap((ofWorkflow) => [...ofWorkflow.values()]);
  return all.reduce<number>((count, pool) => count + (pool as StreamPool<Workflow>).streamCount, 0);
}
