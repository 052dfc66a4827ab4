import type { RegistrationUpdate } from "regstream";
import { useRegistrationUpdates } from "regstream/react";
import { useCallback, useEffect, useMemo, useRef } from "react";

import { listRegistrations } from "../api";
import { coalesce } from "./coalesce";
import { Newcomers } from "./newcomers";
import { applyToList } from "./registrationList";
import { useReloadAfterGap } from "./useReloadAfterGap";
import { useResource } from "./useResource";

/** The list of registrations, which the stream keeps up to date. */
export function useRegistrationList() {
  // One buffer for each load in progress: its answer may lack updates that arrive in the meantime.
  const buffers = useRef(new Set<RegistrationUpdate[]>());

  const load = useCallback(async (signal: AbortSignal) => {
    const meanwhile: RegistrationUpdate[] = [];
    buffers.current.add(meanwhile);
    try {
      return meanwhile.reduce(applyToList, await listRegistrations(signal));
    } finally {
      buffers.current.delete(meanwhile);
    }
  }, []);
  const list = useResource(load);
  const { value, update: change, reload } = list;
  const registrations = value?.registrations ?? null;

  const shown = useRef(registrations);
  useEffect(() => {
    shown.current = registrations;
  }, [registrations]);
  const newcomers = useRef<Newcomers>(null);
  const reloadSoon = useMemo(() => coalesce(reload), [reload]);

  const onUpdate = useCallback(
    (update: RegistrationUpdate) => {
      for (const buffer of buffers.current) buffer.push(update);
      change((before) => applyToList(before, update));
      newcomers.current ??= new Newcomers();
      if (newcomers.current.isNew(shown.current, update.registrationId)) reloadSoon();
    },
    [change, reloadSoon],
  );
  // EventSource hides why the server refuses it, and would retry for ever.
  const isOutOfReach = value === null && list.error?.isFinal === true;
  const stream = useRegistrationUpdates({ onUpdate, autoConnect: !isOutOfReach });
  useReloadAfterGap(stream, reloadSoon);

  return { list, stream };
}
