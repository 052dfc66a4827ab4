import type { StreamSnapshot, WorkflowSnapshot } from "../browser/stream_options.js";
import { idleSnapshot } from "../browser/stream_options.js";
import type { RegistrationStream } from "../browser/stream.js";
import type { UpdateSource } from "../browser/update_source.js";
import type { RegistrationWorkflow } from "../generated/registration.js";
import type { Workflow } from "../workflow/workflow.js";
import { useCallback, useSyncExternalStore } from "react";

/** Of a stream of any kind, `RegistrationStream` too, on a server and while its page is taken over. */
const idle: StreamSnapshot = Object.freeze({ ...idleSnapshot<RegistrationWorkflow>(), registration: null });

/**
 * What is known now of a stream of your own. It neither connects nor closes it: that is its owner's, as are its
 * updates (`subscribeToUpdates`).
 */
export function useStream(stream: RegistrationStream): StreamSnapshot;
export function useStream<W extends Workflow>(stream: UpdateSource<W>): WorkflowSnapshot<W>;
export function useStream(stream: UpdateSource<RegistrationWorkflow>): WorkflowSnapshot<RegistrationWorkflow> {
  const subscribe = useCallback((listener: () => void) => stream.subscribe(listener), [stream]);
  const getSnapshot = useCallback(() => stream.getSnapshot(), [stream]);
  return useSyncExternalStore(subscribe, getSnapshot, () => idle);
}
