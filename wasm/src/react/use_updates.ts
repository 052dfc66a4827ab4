import { useCallback, useEffect, useRef, useSyncExternalStore } from "react";

import type { TransportName, WorkflowSnapshot } from "../browser/stream_options.js";
import { idleSnapshot } from "../browser/stream_options.js";
import type { UpdateOf } from "../shared/messages.js";
import type { IdOf, Workflow } from "../workflow/workflow.js";
import type { StreamLease } from "./shared_streams.js";
import { acquireStream, keyText, peekSnapshot } from "./shared_streams.js";

export interface UseUpdatesOptions<W extends Workflow> {
  /** The one instance whose updates the stream carries. Without `id` and `ids`, every instance's. */
  readonly id?: IdOf<W> | undefined;
  /**
   * Several instances, at most 100, in place of `id`. They may change from render to render; a new list of the same
   * ones is no change. An empty list asks for no stream.
   */
  readonly ids?: readonly IdOf<W>[] | undefined;
  /** With `final` the stream of one instance ends by itself when that has ended. */
  readonly until?: "final" | undefined;
  /** Called once for each update, in order. A new function each render is fine. */
  readonly onUpdate?: ((update: UpdateOf<W>) => void) | undefined;
  /** Default true: connects when mounted. */
  readonly autoConnect?: boolean | undefined;
  /** Default: the workflow's own path. */
  readonly url?: string | undefined;
  /** Default: `eventsource`; `fetch` with a token, and where there is no EventSource. It hears why it is refused. */
  readonly transport?: TransportName | undefined;
  /** What becomes of cookies, as fetch has it. Default: `same-origin`. */
  readonly credentials?: RequestCredentials | undefined;
  /**
   * Called at each attempt for the token; with true after the server refused the last one. It has to be the same
   * function from render to render (`useCallback`, or a module's): with another one this is another stream.
   */
  readonly token?: ((isRefused: boolean) => Promise<string | null>) | undefined;
}

/** What is known now of a workflow's instances, and the stream's switch. */
export interface Updates<W extends Workflow> extends Omit<WorkflowSnapshot<W>, "reason"> {
  /** Asks for the stream; for `autoConnect: false`, and after an error or `disconnect`. */
  connect(): void;
  /** No longer asks for it, and `onUpdate` hears nothing more. The stream closes when no component asks for it. */
  disconnect(): void;
}

/**
 * Live updates of one instance of a workflow, of several, or of all. Components that ask for the same share one
 * connection, which closes with the last of them.
 */
export function useUpdates<W extends Workflow>(workflow: W, options: UseUpdatesOptions<W> = {}): Updates<W> {
  const { onUpdate, autoConnect = true, ...key } = options;
  const latestOnUpdate = useRef(onUpdate);
  useEffect(() => {
    latestOnUpdate.current = onUpdate;
  });

  const lease = useRef<StreamLease<W> | null>(null);
  const name = keyText(workflow, key);
  const subscribe = useCallback(
    (notify: () => void) => {
      const held = acquireStream(workflow, key);
      const stopChanges = held.stream.subscribe(notify);
      const stopUpdates = held.subscribeToUpdates((update) => latestOnUpdate.current?.(update));
      lease.current = held;
      return () => {
        lease.current = null;
        stopUpdates();
        stopChanges();
        held.release();
      };
    },
    // `name` stands for `key`, which is a new object each render.
    [workflow, name],
  );
  const snapshot = useSyncExternalStore(
    subscribe,
    () => peekSnapshot(workflow, key, lease.current),
    () => idleSnapshot<W>(),
  );

  // Effects run in order, so that the lease is there: `subscribe` stands for which one.
  const asksForSome = key.ids === undefined || key.ids.length > 0;
  useEffect(() => {
    const held = lease.current;
    if (!autoConnect || !asksForSome || held === null) {
      return undefined;
    }
    held.connect();
    return () => held.leave();
  }, [autoConnect, asksForSome, subscribe]);

  const connect = useCallback(() => lease.current?.connect(), []);
  const disconnect = useCallback(() => lease.current?.disconnect(), []);
  const { reason: _reason, ...known } = snapshot;
  return { ...known, connect, disconnect };
}
