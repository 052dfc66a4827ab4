import { useCallback, useEffect, useRef, useState } from "react";

import { type ApiError, asApiError } from "../api";
import { LoadOrder } from "./loadOrder";

export interface Resource<T> {
  /** The newest value; kept while a reload is under way, and when one fails. */
  readonly value: T | null;
  /** Why the newest load failed, if it did. */
  readonly error: ApiError | null;
  readonly loading: boolean;
  /**
   * Loads again. Resolves true once the value is in place, which a later load may have brought, and false
   * if that failed or nobody shows it.
   */
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
 * Loads a value when the component appears, and whenever it is asked to. Loads may overlap: see
 * `LoadOrder`. `load` must keep its identity.
 */
export function useResource<T>(load: (signal: AbortSignal) => Promise<T>): Resource<T> {
  const [state, setState] = useState<State<T>>({ value: null, error: null, loading: true });
  const [order] = useState(() => new LoadOrder());
  const lifetime = useRef<AbortController | null>(null);

  const reload = useCallback(async () => {
    const controller = lifetime.current;
    if (controller === null) return false;
    const request = order.start();
    setState((state) => (state.loading ? state : { ...state, loading: true }));
    try {
      const value = await load(controller.signal);
      if (controller.signal.aborted) return false;
      if (order.settle(request, true)) {
        setState({ value, error: null, loading: order.isLoading });
      }
    } catch (error) {
      if (controller.signal.aborted) return false;
      if (order.settle(request, false)) {
        const loading = order.isLoading;
        setState(({ value }) => ({ value, error: asApiError(error), loading }));
      }
    }
    return order.isInPlace(request);
  }, [load, order]);

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
