import type { WorkflowSnapshot } from "../browser/stream_options.js";
import { idleSnapshot } from "../browser/stream_options.js";
import type { LeaseOptions } from "../pool/lease.js";
import { Lease } from "../pool/lease.js";
import type { UpdateOf } from "../shared/messages.js";
import type { Workflow } from "../workflow/workflow.js";

/** A store's options: `id`, `ids` or neither, `until`, and how the stream is opened. */
export type UpdatesOptions<W extends Workflow> = LeaseOptions<W> & {
  /** Called once for each update, in order, while the store has a subscriber. */
  readonly onUpdate?: ((update: UpdateOf<W>) => void) | undefined;
  /** Connects with the first subscriber, but not on a server. Default: true. */
  readonly autoConnect?: boolean | undefined;
};

/** A store in Svelte's contract: `run` is called at once, and after each change. `$store` subscribes to it. */
export interface UpdatesStore<Value> {
  subscribe(run: (value: Value) => void): () => void;
  /**
   * Asks for the stream: with `autoConnect: false`, and after an error or `disconnect`. Only while the store has
   * subscribers.
   */
  connect(): void;
  /** Stops asking for the stream; `onUpdate` is called no more. */
  disconnect(): void;
}

/**
 * A store of what `select` returns for a workflow's snapshot. It asks for the page's stream while it has a subscriber.
 */
export function selectedUpdates<W extends Workflow, Value>(
  workflow: W,
  options: UpdatesOptions<W>,
  select: (snapshot: WorkflowSnapshot<W>) => Value,
): UpdatesStore<Value> {
  const { onUpdate, autoConnect = true, ...wanted } = options;
  const lease = new Lease(workflow, wanted);
  let subscribers = 0;
  if (onUpdate !== undefined) {
    lease.subscribeToUpdates(onUpdate);
  }
  return {
    subscribe(run) {
      // A server has no page to update: it renders the idle snapshot.
      if (typeof document === "undefined") {
        run(select(idleSnapshot()));
        return () => {};
      }
      const release = lease.hold();
      subscribers += 1;
      if (subscribers === 1 && autoConnect) {
        lease.connect();
      }
      let snapshot = lease.getSnapshot();
      let value = select(snapshot);
      const stop = lease.subscribe(() => {
        const now = lease.getSnapshot();
        if (now !== snapshot) {
          snapshot = now;
          const next = select(now);
          if (next !== value) {
            value = next;
            run(value);
          }
        }
      });
      run(value);
      return () => {
        subscribers -= 1;
        stop();
        release();
      };
    },
    connect: () => lease.connect(),
    disconnect: () => lease.disconnect(),
  };
}

/** Live updates of one instance of a workflow, of several, or of all. All stores of a page share one connection. */
export function updates<W extends Workflow>(
  workflow: W,
  options: UpdatesOptions<W> = {},
): UpdatesStore<WorkflowSnapshot<W>> {
  return selectedUpdates(workflow, options, (snapshot) => snapshot);
}
