import type { TransportName, WorkflowSnapshot } from "../browser/stream_options.js";
import { idleSnapshot } from "../browser/stream_options.js";
import { WorkflowStream } from "../browser/workflow_stream.js";
import type { UpdateOf } from "../shared/messages.js";
import type { IdOf, Workflow } from "../workflow/workflow.js";

/** Which stream of a workflow: users of the same one share it. */
export interface SharedStreamKey<W extends Workflow> {
  readonly url?: string | undefined;
  readonly id?: IdOf<W> | undefined;
  readonly ids?: readonly IdOf<W>[] | undefined;
  readonly until?: "final" | undefined;
  readonly transport?: TransportName | undefined;
  readonly credentials?: RequestCredentials | undefined;
  readonly token?: TokenSource | undefined;
}

type TokenSource = (isRefused: boolean) => Promise<string | null>;

/** One user's hold on a shared stream. */
export interface StreamLease<W extends Workflow> {
  readonly stream: WorkflowStream<W>;
  /** This user wants the stream connected. */
  connect(): void;
  /** This user no longer does, and hears nothing more of updates; the stream closes, at once, when nobody wants it. */
  disconnect(): void;
  /** The same, but the stream closes a microtask later: somebody may want it by then. */
  leave(): void;
  /** Calls `listener` once for each update, in order, but while this user is disconnected; returns what ends that. */
  subscribeToUpdates(listener: (update: UpdateOf<W>) => void): () => void;
  /** Ends the hold, and with the last one the stream. */
  release(): void;
  /** The stream would be this user's with other ids, too: nobody else holds it. */
  mayBecome(key: SharedStreamKey<W>): boolean;
}

interface SharedStream<W extends Workflow> {
  readonly stream: WorkflowStream<W>;
  readonly holders: Set<StreamLease<W>>;
  readonly wishes: Set<StreamLease<W>>;
  /** What it has in common with streams of other ids; null: it names no list of ids. */
  readonly family: string | null;
  /** Its key, as it is now. */
  name: string;
}

type Pool<W extends Workflow> = Map<string, SharedStream<W>>;

const pools = new Map<Workflow, unknown>();

/** The streams of one workflow, by their keys. */
function poolOf<W extends Workflow>(workflow: W): Pool<W> | undefined {
  // Each pool was made for its workflow: `acquireStream` does it.
  return pools.get(workflow) as Pool<W> | undefined;
}

const tokenNumbers = new WeakMap<TokenSource, number>();
let tokenSources = 0;

/** Tells token functions apart: what one user may see must not reach a component that speaks for another one. */
function numberOf(token: TokenSource | undefined): number {
  if (token === undefined) {
    return 0;
  }
  const number = tokenNumbers.get(token) ?? ++tokenSources;
  tokenNumbers.set(token, number);
  return number;
}

function endpointOf<W extends Workflow>(key: SharedStreamKey<W>): string {
  const { url = "", until = "on", transport = "any", credentials = "same-origin", token } = key;
  return [until, transport, credentials, numberOf(token), url].join(" ");
}

function subjectOf<W extends Workflow>({ id, ids }: SharedStreamKey<W>): readonly string[] {
  if (ids !== undefined) {
    return ["some", ...[...new Set(ids)].map(String).sort()];
  }
  return id === undefined ? ["all"] : ["one", String(id)];
}

/** One text for keys that mean the same stream. */
export function keyText<W extends Workflow>(workflow: W, key: SharedStreamKey<W>): string {
  const { url = workflow.paths.stream } = key;
  return `${JSON.stringify(subjectOf(key))} ${endpointOf({ ...key, url })}`;
}

function familyOf<W extends Workflow>(workflow: W, key: SharedStreamKey<W>): string | null {
  const { ids, url = workflow.paths.stream } = key;
  return ids === undefined ? null : endpointOf({ ...key, url });
}

/** A stream that nobody holds any more, and that now follows the ids of `key`: changing ids is no new connection. */
function takeOver<W extends Workflow>(
  pool: Pool<W>,
  workflow: W,
  key: SharedStreamKey<W>,
): SharedStream<W> | undefined {
  const family = familyOf(workflow, key);
  const left = [...pool.values()].find((shared) => shared.family === family && shared.holders.size === 0);
  if (family === null || left === undefined) {
    return undefined;
  }
  try {
    left.stream.follow(key.ids ?? []);
  } catch {
    // A stream of its own will say what is wrong with these ids.
    return undefined;
  }
  pool.delete(left.name);
  left.name = keyText(workflow, key);
  return left;
}

/**
 * A hold on the stream of `key`. Letting go takes effect a microtask later: a component that unmounts
 * and mounts again within one commit, as in React's strict mode, keeps its connection.
 */
export function acquireStream<W extends Workflow>(workflow: W, key: SharedStreamKey<W>): StreamLease<W> {
  const pool: Pool<W> = poolOf(workflow) ?? new Map();
  pools.set(workflow, pool);
  const name = keyText(workflow, key);
  const shared = pool.get(name) ??
    takeOver(pool, workflow, key) ?? {
      stream: new WorkflowStream(workflow, key),
      holders: new Set(),
      wishes: new Set(),
      family: familyOf(workflow, key),
      name,
    };
  pool.set(name, shared);
  const { stream, holders, wishes } = shared;

  const settle = () => {
    if (wishes.size === 0 && stream.getSnapshot().connection !== "idle") {
      stream.close();
    }
    if (holders.size === 0 && pool.get(shared.name) === shared) {
      pool.delete(shared.name);
    }
    if (pool.size === 0 && pools.get(workflow) === pool) {
      pools.delete(workflow);
    }
  };
  let hearsUpdates = true;
  const lease: StreamLease<W> = {
    stream,
    connect() {
      if (holders.has(lease)) {
        hearsUpdates = true;
        wishes.add(lease);
        stream.connect();
      }
    },
    disconnect() {
      hearsUpdates = false;
      if (wishes.delete(lease)) {
        settle();
      }
    },
    leave() {
      hearsUpdates = false;
      if (wishes.delete(lease) && wishes.size === 0) {
        queueMicrotask(settle);
      }
    },
    subscribeToUpdates(listener) {
      return stream.subscribeToUpdates((update) => {
        if (hearsUpdates) {
          listener(update);
        }
      });
    },
    release() {
      wishes.delete(lease);
      if (holders.delete(lease) && (holders.size === 0 || wishes.size === 0)) {
        queueMicrotask(settle);
      }
    },
    mayBecome(other) {
      const isOfFamily = shared.family !== null && shared.family === familyOf(workflow, other);
      return isOfFamily && holders.size === 1 && holders.has(lease);
    },
  };
  holders.add(lease);
  return lease;
}

/**
 * The snapshot of `key`'s stream; the idle one while nobody holds it. Creates nothing. `held` is what the user holds
 * until it acquires that stream, and what will follow the new ids.
 */
export function peekSnapshot<W extends Workflow>(
  workflow: W,
  key: SharedStreamKey<W>,
  held: StreamLease<W> | null = null,
): WorkflowSnapshot<W> {
  const shared = poolOf(workflow)?.get(keyText(workflow, key));
  const stream = shared?.stream ?? (held?.mayBecome(key) === true ? held.stream : undefined);
  return stream?.getSnapshot() ?? idleSnapshot();
}

/** How many streams are held now. */
export function sharedStreamCount(): number {
  return [...pools.values()].reduce<number>((count, pool) => count + (pool as Pool<Workflow>).size, 0);
}
