import type { WorkflowSnapshot } from "../browser/stream_options.js";
import { idleSnapshot } from "../browser/stream_options.js";
import type { ConnectionState } from "../core/connection.js";
import type { UpdateOf, ViewOf } from "../shared/messages.js";
import type { IdOf, Workflow } from "../workflow/workflow.js";
import type { SharedStream, Topic } from "./shared_stream.js";

/** A user with ids on several streams sees the first of these states that one of them is in. */
const worstFirst: readonly ConnectionState[] = ["closed", "idle", "waiting", "authorizing", "connecting", "open"];

/** A user's streams as one connection: it is connected if all of them are. */
function connectionOf<W extends Workflow>(snapshots: readonly WorkflowSnapshot<W>[]) {
  const rank = ({ connection }: WorkflowSnapshot<W>) => worstFirst.indexOf(connection);
  const { connection, reason, transport } = snapshots.reduce((worst, one) => (rank(one) < rank(worst) ? one : worst));
  // A stream's first connection is not a return after a loss: together the first ones count once.
  const opened = snapshots.filter(({ connections }) => connections > 0);
  const returns = opened.reduce((sum, { connections }) => sum + connections - 1, 0);
  return {
    connection,
    reason,
    transport,
    isConnected: snapshots.every(({ isConnected }) => isConnected),
    connections: opened.length === 0 ? 0 : returns + 1,
    resets: snapshots.reduce((sum, { resets }) => sum + resets, 0),
    error: snapshots.find(({ error }) => error !== null)?.error ?? null,
  };
}

function latestOf<W extends Workflow>(topics: readonly Topic<W>[]): UpdateOf<W> | null {
  const [first] = topics;
  return first === undefined ? null : topics.reduce((late, one) => (one.order > late.order ? one : late)).latestUpdate;
}

/**
 * What a user of `topics` sees of `streams`, which have or will have them. `id`: the one instance that the user
 * follows, as opposed to a list.
 */
export function snapshotOf<W extends Workflow>(
  id: IdOf<W> | undefined,
  topics: readonly Topic<W>[],
  streams: ReadonlySet<SharedStream<W>> = new Set(topics.map(({ stream }) => stream)),
): WorkflowSnapshot<W> {
  const snapshots = [...streams].map(({ source }) => source.getSnapshot());
  const [first] = snapshots;
  if (first === undefined) {
    return idleSnapshot();
  }
  const views = new Map<IdOf<W>, ViewOf<W>>();
  for (const topic of topics) {
    if (topic.id === null) {
      return first;
    }
    const view = topic.stream.source.view(topic.id);
    if (view !== null) {
      views.set(topic.id, view);
    }
  }
  const view = id === undefined ? null : (views.get(id) ?? null);
  return { ...connectionOf(snapshots), latestUpdate: latestOf(topics), view, views };
}

function haveSameEntries<Key, Value>(one: ReadonlyMap<Key, Value>, other: ReadonlyMap<Key, Value>): boolean {
  return one.size === other.size && [...one].every(([key, value]) => other.get(key) === value);
}

/** `before` if `next` has the same values, otherwise `next`, with the earlier map if the views are the same. */
export function unlessSame<W extends Workflow>(
  before: WorkflowSnapshot<W>,
  next: WorkflowSnapshot<W>,
): WorkflowSnapshot<W> {
  const views = haveSameEntries(before.views, next.views) ? before.views : next.views;
  const kept: WorkflowSnapshot<W> = { ...next, views };
  const names = Object.keys(kept) as (keyof WorkflowSnapshot<W>)[];
  return names.every((name) => kept[name] === before[name]) ? before : Object.freeze(kept);
}
