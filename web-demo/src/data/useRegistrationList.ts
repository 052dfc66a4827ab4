import type { RegistrationUpdate } from "regstream";
import { useRegistrationUpdates } from "regstream/react";
import { useCallback, useRef } from "react";

import { listRegistrations } from "../api";
import { applyUpdate } from "./registrationList";
import { useReloadOnOpen } from "./useReloadOnOpen";
import { useResource } from "./useResource";

/** The list of registrations, kept as it is now by the stream. */
export function useRegistrationList() {
  // One buffer for each load under way: what happened meanwhile may be missing from its answer.
  const buffers = useRef(new Set<RegistrationUpdate[]>());

  const load = useCallback(async (signal: AbortSignal) => {
    const meanwhile: RegistrationUpdate[] = [];
    buffers.current.add(meanwhile);
    try {
      return meanwhile.reduce(applyUpdate, await listRegistrations(signal));
    } finally {
      buffers.current.delete(meanwhile);
    }
  }, []);
  const list = useResource(load);
  const { update: change, reload } = list;

  const onUpdate = useCallback(
    (update: RegistrationUpdate) => {
      for (const buffer of buffers.current) buffer.push(update);
      change((registrations) => applyUpdate(registrations, update));
    },
    [change],
  );
  const { connection, connections, error } = useRegistrationUpdates({ onUpdate });
  useReloadOnOpen(connections, reload);

  return { list, connection, connections, streamError: error };
}
