import type { StreamSnapshot, WorkflowSnapshot } from "../browser/stream_options.js";
import { idleSnapshot } from "../browser/stream_options.js";
import type { RegistrationStream } from "../browser/stream.js";
import type { UpdateSource } from "../browser/update_source.js";
import type { RegistrationWorkflow } from "../generated/registration.js";
import type { Workflow } from "../workflow/workflow.js";
import { useCallback, useSyncExternalStore } from "react";

/** The snapshot on a server and during hydration, for any kind of stream. */
const idle: StreamSnapshot = Object.freeze({ ...idleSnapshot<RegistrationWorkflow>(), registration: null });

/**
 * The current state of a stream of your own. The hook neither connects nor closes it, and its owner subscribes to
 * updates (`subscribeToUpdates`).
 */
export function useStream(stream: RegistrationStream): StreamSnapshot;
export function useStream<W extends Workflow>(stream: UpdateSource<W>): WorkflowSnapshot<W>;
export function useStream(stream: UpdateSource<RegistrationWorkflow>): WorkflowSnapshot<RegistrationWorkflow> {
  const subscribe = useCallback((listener: () => void) => stream.subscribe(listener), [stream]);
  const getSnapshot = useCallback(() => stream.getSnapshot(), [stream]);
  return useSyncExternalStore(subscribe, getSnapshot, () => idle);
}
