import { useCallback, useEffect, useMemo, useRef } from "react";

import type { WorkflowSnapshot, WorkflowStreamOptions } from "../browser/stream_options.js";
import { idleSnapshot } from "../browser/stream_options.js";
import type { EndpointOptions } from "../pool/endpoint.js";
import { Lease, leaseKey } from "../pool/lease.js";
import type { UpdateOf } from "../shared/messages.js";
import type { IdOf, Workflow } from "../workflow/workflow.js";
import { useEndpoint } from "./registration_streams.js";

/** The options of a workflow's hooks: the hooks' own, and those of the stream, by default the provider's. */
export interface UseUpdatesOptions<W extends Workflow>
  extends EndpointOptions,
    Pick<WorkflowStreamOptions<W>, "until"> {
  /** The one instance to follow. Without `id` and `ids`: every instance. */
  readonly id?: IdOf<W> | undefined;
  /**
   * Several instances, in place of `id`. They may change from render to render; a new list with the same ids changes
   * nothing. An empty list asks for no stream.
   */
  readonly ids?: readonly IdOf<W>[] | undefined;
  /** Called once for each update, in order. A new function each render is fine. */
  readonly onUpdate?: ((update: UpdateOf<W>) => void) | undefined;
  /** Connects when mounted. Default: true. */
  readonly autoConnect?: boolean | undefined;
}

/** Connects and disconnects a component. */
export interface StreamSwitch {
  /** Asks for the stream: with `autoConnect: false`, and after an error or `disconnect`. */
  connect(): void;
  /** Stops asking for the stream; `onUpdate` is called no more. The stream closes when no component asks for it. */
  disconnect(): void;
}

/** A component's share in the page's streams, in the form that `useSyncExternalStore` needs. */
export interface HeldLease<W extends Workflow> extends StreamSwitch {
  readonly subscribe: (listener: () => void) => () => void;
  readonly getSnapshot: () => WorkflowSnapshot<W>;
  readonly getServerSnapshot: () => WorkflowSnapshot<W>;
}

/** Holds the instances that the options name while the component is mounted. */
export function useLease<W extends Workflow>(workflow: W, options: UseUpdatesOptions<W>): HeldLease<W> {
  const { id, ids, until, onUpdate, autoConnect = true, ...own } = options;
  const wanted = { id, ids, until, ...useEndpoint(workflow, own) };
  const latestOnUpdate = useRef(onUpdate);
  useEffect(() => {
    latestOnUpdate.current = onUpdate;
  });

  // `key` represents `wanted`, which is a new object at each render.
  const key = leaseKey(workflow, wanted);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the key says what of "wanted" matters
  const lease = useMemo(() => new Lease(workflow, wanted), [workflow, key]);
  useEffect(() => {
    const release = lease.hold();
    const stop = lease.subscribeToUpdates((update) => latestOnUpdate.current?.(update));
    return () => {
      stop();
      release();
    };
  }, [lease]);
  useEffect(() => {
    if (!autoConnect) {
      return undefined;
    }
    lease.connect();
    return () => lease.disconnect();
  }, [lease, autoConnect]);

  return {
    subscribe: useCallback((listener) => lease.subscribe(listener), [lease]),
    getSnapshot: useCallback(() => lease.getSnapshot(autoConnect), [lease, autoConnect]),
    getServerSnapshot: idleSnapshot,
    connect: useCallback(() => lease.connect(), [lease]),
    disconnect: useCallback(() => lease.disconnect(), [lease]),
  };
}
