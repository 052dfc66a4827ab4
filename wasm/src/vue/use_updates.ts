import type { ComputedRef, InjectionKey } from "vue";
import { computed, hasInjectionContext, inject, shallowRef, watch } from "vue";

import type { WorkflowSnapshot } from "../browser/stream_options.js";
import { idleSnapshot } from "../browser/stream_options.js";
import type { EndpointOptions } from "../pool/endpoint.js";
import { endpointOf } from "../pool/endpoint.js";
import type { LeaseOptions } from "../pool/lease.js";
import { Lease, leaseKey } from "../pool/lease.js";
import type { UpdateOf } from "../shared/messages.js";
import type { Workflow } from "../workflow/workflow.js";

/** A composable's options: `id`, `ids` or neither, `until`, and how the stream is opened. */
export type UseUpdatesOptions<W extends Workflow> = LeaseOptions<W> & {
  /** Called once for each update, in order. */
  readonly onUpdate?: ((update: UpdateOf<W>) => void) | undefined;
  /** Connects in `setup`, but not on a server. Default: true. */
  readonly autoConnect?: boolean | undefined;
};

/** `connect` asks for the stream, also after an error or `disconnect`; `disconnect` stops asking for it. */
export type StreamSwitch = Pick<Lease<Workflow>, "connect" | "disconnect">;

/** The current state: each member of the snapshot as a ref; and `connect` and `disconnect`. */
export type Updates<W extends Workflow> = {
  readonly [Member in keyof WorkflowSnapshot<W>]: ComputedRef<WorkflowSnapshot<W>[Member]>;
} & StreamSwitch;

/** The key of defaults for the streams below: `app.provide(registrationStreams, { url, token })`. */
export const registrationStreams: InjectionKey<EndpointOptions> = Symbol("regstream");

/** The names of a snapshot's members. */
function membersOf<W extends Workflow>(snapshot: WorkflowSnapshot<W>): readonly (keyof WorkflowSnapshot<W>)[] {
  return Object.keys(snapshot) as (keyof WorkflowSnapshot<W>)[];
}

/**
 * Live updates of one instance of a workflow, of several, or of all. `options` is called again when something reactive
 * that it reads has changed. All components of a page share one connection. It is released with the component, or with
 * the effect scope in which this was called.
 */
export function useUpdates<W extends Workflow>(workflow: W, options: () => UseUpdatesOptions<W>): Updates<W> {
  const defaults = hasInjectionContext() ? inject(registrationStreams, {}) : {};
  const snapshot = shallowRef(idleSnapshot<W>());
  let lease: Lease<W> | null = null;

  const wanted = (): LeaseOptions<W> => {
    const { id, ids, until, onUpdate: _onUpdate, autoConnect: _autoConnect, ...own } = options();
    return { id, ids, until, ...endpointOf(workflow, own, defaults) };
  };
  const hold = (onCleanup: (cleanup: () => void) => void) => {
    // A server has no page to update, and would keep the connection for ever.
    if (typeof document === "undefined") {
      return;
    }
    const held = new Lease(workflow, wanted());
    const look = () => {
      snapshot.value = held.getSnapshot();
    };
    const release = held.hold();
    const stopUpdates = held.subscribeToUpdates((update) => options().onUpdate?.(update));
    const stopChanges = held.subscribe(look);
    lease = held;
    if (options().autoConnect !== false) {
      held.connect();
    }
    look();
    onCleanup(() => {
      stopChanges();
      stopUpdates();
      release();
    });
  };
  watch(
    [() => leaseKey(workflow, wanted()), () => options().autoConnect],
    (_now, _before, onCleanup) => hold(onCleanup),
    { immediate: true },
  );

  const refs = membersOf(snapshot.value).map((member) => [member, computed(() => snapshot.value[member])] as const);
  return {
    ...(Object.fromEntries(refs) as Omit<Updates<W>, keyof StreamSwitch>),
    connect: () => lease?.connect(),
    disconnect: () => lease?.disconnect(),
  } as Updates<W>;
}
