import { Listeners } from "../browser/listeners.js";
import type { WorkflowSnapshot, WorkflowStreamOptions } from "../browser/stream_options.js";
import { idleSnapshot } from "../browser/stream_options.js";
import { StreamError } from "../core/errors.js";
import type { UpdateOf } from "../shared/messages.js";
import { idExpectation, isId } from "../workflow/ids.js";
import type { IdOf, Workflow } from "../workflow/workflow.js";
import type { EndpointOptions } from "./endpoint.js";
import { endpointKey } from "./endpoint.js";
import type { Topic } from "./shared_stream.js";
import type { PoolUser, StreamPool, Subject } from "./stream_pool.js";
import { openPool, poolAt } from "./stream_pool.js";
import { snapshotOf, unlessSame } from "./user_snapshot.js";

/** What one user (a component, say) asks of a page's streams. */
export type LeaseOptions<W extends Workflow> = EndpointOptions & Pick<WorkflowStreamOptions<W>, "id" | "ids" | "until">;

function subjectOf<W extends Workflow>({ id, ids, until }: LeaseOptions<W>): Subject<W> {
  if (id !== undefined && until !== undefined) {
    return { kind: "final", id };
  }
  const named = id === undefined ? ids : [id];
  return named === undefined ? { kind: "every" } : { kind: "some", ids: [...new Set(named)] };
}

/** Checks one user's options: a mistake in them must not break the stream of other users. */
function checkOptions<W extends Workflow>(workflow: W, { id, ids, until }: LeaseOptions<W>): StreamError | null {
  const named = id === undefined ? (ids ?? []) : [id];
  if (id !== undefined && ids !== undefined) {
    return new StreamError("invalid_options", "id names one instance, ids several: give one of them");
  }
  if (until !== undefined && id === undefined) {
    return new StreamError("invalid_options", 'until: "final" needs the id of the one instance that is to end');
  }
  return named.every((one) => isId(workflow, one)) ? null : new StreamError("invalid_options", idExpectation(workflow));
}

/** One text for options that give the same lease; see `endpointKey`. */
export function leaseKey<W extends Workflow>(workflow: W, options: LeaseOptions<W>): string {
  const { id, ids, until } = options;
  const named = ids === undefined ? null : [...new Set(ids)].map(String).sort();
  return JSON.stringify([id, named, until]) + endpointKey(workflow, options);
}

/**
 * One user's share in a page's streams. It sees what it would see of a stream of its own. It sees more only if other
 * users came before: existing views and the last update of its ids, and how often the connection has been opened.
 */
export class Lease<W extends Workflow> implements PoolUser<W> {
  readonly subject: Subject<W>;
  readonly #workflow: W;
  readonly #id: IdOf<W> | undefined;
  readonly #endpoint: EndpointOptions;
  readonly #key: string;
  readonly #error: StreamError | null;
  readonly #changeListeners = new Listeners<[]>();
  readonly #updateListeners = new Listeners<[update: UpdateOf<W>]>();
  #holds = 0;
  #pool: StreamPool<W> | null = null;
  /** The user's topics; null: the user is not connected. */
  #topics: readonly Topic<W>[] | null = null;
  #snapshot: WorkflowSnapshot<W> = idleSnapshot();
  #announced = this.#snapshot;

  /** Touches nothing. */
  constructor(workflow: W, options: LeaseOptions<W>) {
    this.subject = subjectOf(options);
    this.#workflow = workflow;
    const { id, ids: _ids, until: _until, ...endpoint } = options;
    this.#id = id;
    this.#endpoint = endpoint;
    this.#key = endpointKey(workflow, endpoint);
    this.#error = checkOptions(workflow, options);
  }

  /**
   * Begins the hold; the returned function ends it. Ending takes effect a microtask later, since the user may be back
   * by then.
   */
  hold(): () => void {
    this.#holds += 1;
    if (this.#holds === 1 && this.#error === null) {
      this.#pool = openPool(this.#workflow, this.#key, this.#endpoint);
      this.#pool.join(this);
    }
    let isHeld = true;
    return () => {
      this.#holds -= isHeld ? 1 : 0;
      isHeld = false;
      if (this.#holds === 0) {
        this.#topics = null;
        this.#pool?.leave(this);
        this.#pool = null;
      }
    };
  }

  /** Asks for its stream, again after an error or `disconnect`. Only while it is held. */
  connect(): void {
    if (this.#error !== null && this.#holds > 0) {
      this.#topics = [];
    } else if (this.#pool !== null && !this.#wantsNothing) {
      this.#topics = this.#pool.want(this);
    }
    this.changed();
  }

  /** Stops asking for its stream, and receives no more updates. A stream without users closes at once. */
  disconnect(): void {
    this.#topics = null;
    this.#pool?.unwant(this);
    this.changed();
  }

  /** Calls `listener` after each change of the snapshot. The returned function unsubscribes, at once. */
  subscribe(listener: () => void): () => void {
    return this.#changeListeners.add(listener);
  }

  /** Calls `listener` once for each update of the user's ids while connected. The returned function unsubscribes. */
  subscribeToUpdates(listener: (update: UpdateOf<W>) => void): () => void {
    return this.#updateListeners.add(listener);
  }

  /**
   * The current state; the same object until something of the user's own ids, or of its connection, changes.
   * `isToConnect`: a user that is not held yet but will connect sees what it will see then.
   */
  getSnapshot(isToConnect = false): WorkflowSnapshot<W> {
    this.#snapshot = unlessSame(this.#snapshot, this.#look(isToConnect));
    return this.#snapshot;
  }

  receive(update: UpdateOf<W>): void {
    this.#updateListeners.call(update);
  }

  changed(): void {
    if (this.getSnapshot() !== this.#announced) {
      this.#announced = this.#snapshot;
      this.#changeListeners.call();
    }
  }

  get #wantsNothing(): boolean {
    return this.subject.kind === "some" && this.subject.ids.length === 0;
  }

  #look(isToConnect: boolean): WorkflowSnapshot<W> {
    const seesError = this.#error !== null && this.#topics !== null;
    if (seesError) {
      return { ...idleSnapshot<W>(), connection: "closed", reason: "failed_here", error: this.#error };
    }
    if (this.#topics !== null) {
      return snapshotOf(this.#id, this.#topics);
    }
    const pool = isToConnect && this.#holds === 0 ? poolAt<W>(this.#workflow, this.#key) : undefined;
    if (pool !== undefined && this.#error === null && !this.#wantsNothing) {
      return snapshotOf(this.#id, pool.find(this.subject), pool.foresee(this.subject));
    }
    const { connection } = this.#snapshot;
    return connection === "idle"
      ? this.#snapshot
      : { ...this.#snapshot, connection: "closed", reason: "requested", isConnected: false };
  }
}
