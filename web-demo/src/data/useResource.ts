import { useCallback, useEffect, useRef, useState } from "react";

import { type ApiError, asApiError } from "../api";

export interface Resource<T> {
  /** The newest value; kept while a reload is under way, and when one fails. */
  readonly value: T | null;
  /** Why the newest load failed, if it did. */
  readonly error: ApiError | null;
  readonly loading: boolean;
  /** Loads again; resolves true once the value is in place, and false if that failed or nobody shows it. */
  reload(): Promise<boolean>;
  /** Changes the value in place: what the live stream says about it. */
  update(change: (value: T) => T): void;
}

interface State<T> {
  readonly value: T | null;
  readonly error: ApiError | null;
  readonly loading: boolean;
}

/**
 * Loads a value when the component appears, and whenever it is asked to.
 *
 * Loads may overlap. An answer counts unless the answer to a later request was there before it, so a
 * value never goes back. `load` must keep its identity.
 */
export function useResource<T>(load: (signal: AbortSignal) => Promise<T>): Resource<T> {
  const [state, setState] = useState<State<T>>({ value: null, error: null, loading: true });
  const requests = useRef({ started: 0, settled: 0 });
  const lifetime = useRef<AbortController | null>(null);

  const reload = useCallback(async () => {
    const controller = lifetime.current;
    if (controller === null) return false;
    const request = ++requests.current.started;
    const settles = (): boolean => {
      if (controller.signal.aborted || request < requests.current.settled) return false;
      requests.current.settled = request;
      return true;
    };
    setState((state) => (state.loading ? state : { ...state, loading: true }));
    try {
      const value = await load(controller.signal);
      if (!settles()) return false;
      setState({ value, error: null, loading: request !== requests.current.started });
      return true;
    } catch (error) {
      if (!settles()) return false;
      const loading = request !== requests.current.started;
      setState(({ value }) => ({ value, error: asApiError(error), loading }));
      return false;
    }
  }, [load]);

  useEffect(() => {
    lifetime.current = new AbortController();
    void reload();
    return () => {
      lifetime.current?.abort();
      lifetime.current = null;
    };
  }, [reload]);

  const update = useCallback((change: (value: T) => T) => {
    setState((state) => {
      if (state.value === null) return state;
      const value = change(state.value);
      return value === state.value ? state : { ...state, value };
    });
  }, []);

  return { ...state, reload, update };
}
