import type { RegistrationView } from "regstream";
import { useRegistrationUpdates } from "regstream/react";
import { useCallback, useEffect, useMemo, useReducer, useRef, useState } from "react";

import { type ApiError, asApiError, getRegistration, startValidation } from "../api";
import { LoadOrder } from "./loadOrder";
import { appendToLog, currentLog, emptyStreamLog } from "./processLog";
import { mergeProgress } from "./progress";
import { useReloadAfterGap } from "./useReloadAfterGap";
import { useResource } from "./useResource";

/** One registration, which the stream keeps up to date, and its validation. */
export function useRegistration(registrationId: number) {
  const load = useCallback((signal: AbortSignal) => getRegistration(registrationId, signal), [registrationId]);
  const resource = useResource(load);
  const { value: registration, reload } = resource;

  const isOutOfReach = registration === null && resource.error?.isFinal === true;
  const [streamLog, onUpdate] = useReducer(appendToLog, emptyStreamLog);
  const stream = useRegistrationUpdates({ registrationId, onUpdate, autoConnect: !isOutOfReach });

  const { resets } = stream;
  useEffect(() => {
    if (resets > 0) onUpdate(null);
  }, [resets]);

  // The stream's view wins over loaded data, except over data that was loaded after a gap: it may have updates that the
  // stream has lost. Then `superseded` is the view of that moment. The next update makes a new view, which wins again.
  const view = stream.registration;
  const [superseded, setSuperseded] = useState<RegistrationView | null>(null);
  const live = view === superseded ? null : view;
  const latestView = useRef(view);
  useEffect(() => {
    latestView.current = view;
  }, [view]);

  const [isStarting, setStarting] = useState(false);
  const [startError, setStartError] = useState<ApiError | null>(null);

  /** Remembers the current view. The returned function loads data that supersedes it. */
  const [order] = useState(() => new LoadOrder());
  const beginSuperseding = useCallback(() => {
    const before = latestView.current;
    const turn = order.start();
    return async () => {
      const isInPlace = await reload();
      // Several loads may end in any order. The view that was remembered last is the newest.
      if (isInPlace && order.settle(turn, true)) setSuperseded(before);
      return isInPlace;
    };
  }, [reload, order]);

  const reloadAfterGap = useCallback(async () => {
    const loadAndSupersede = beginSuperseding();
    if (await loadAndSupersede()) setStartError(null);
  }, [beginSuperseding]);
  useReloadAfterGap(stream, reloadAfterGap);

  // Accounts, log and details are complete at the end. The timestamp distinguishes a second end from the first.
  const end = view?.isFinal === true ? `${view.status} ${view.timestamp}` : null;
  useEffect(() => {
    if (end === null) return;
    setStartError(null);
    void reload();
  }, [end, reload]);

  const validate = useCallback(async () => {
    const loadAndSupersede = beginSuperseding();
    setStarting(true);
    setStartError(null);
    try {
      await startValidation(registrationId);
      // Until its first stage update arrives, the view belongs to the earlier validation.
      await loadAndSupersede();
    } catch (error) {
      const problem = asApiError(error);
      setStartError(problem);
      // The server knows more than this page: another operator's validation is running, or the request is gone.
      if (problem.status === 409) await loadAndSupersede();
      else if (problem.kind === "refused") void reload();
    } finally {
      setStarting(false);
    }
  }, [registrationId, reload, beginSuperseding]);

  const progress = useMemo(
    () => (registration === null ? null : mergeProgress(registration, live)),
    [registration, live],
  );

  const log = useMemo(
    () => (registration === null ? [] : currentLog(registration, live, streamLog)),
    [registration, live, streamLog],
  );

  // The stream shows a validation that was not running when the data was loaded.
  const isNews = progress?.isRunning === true && registration?.validating === false;
  useEffect(() => {
    if (isNews) void reload();
  }, [isNews, reload]);

  return { resource, progress, log, stream, isStarting, startError, validate };
}
