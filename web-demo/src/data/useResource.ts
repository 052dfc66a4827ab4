import { useCallback, useEffect, useRef, useState } from "react";

import { type ApiError, asApiError } from "../api";
import { LoadOrder } from "./loadOrder";

export interface Resource<T> {
  /** The newest value. It stays during a reload, and when a reload fails. */
  readonly value: T | null;
  /** Why the newest load failed; null if it did not. */
  readonly error: ApiError | null;
  readonly loading: boolean;
  /**
   * Loads again. Resolves to true once `value` is as new as this load, even if a later load brought it. Resolves to
   * false if the load failed, or the component is gone.
   */
  reload(): Promise<boolean>;
  /** Changes the value without loading it, as the stream does. */
  update(change: (value: T) => T): void;
}

interface State<T> {
  readonly value: T | null;
  readonly error: ApiError | null;
  readonly loading: boolean;
}

/**
 * Loads a value when the component mounts, and on each `reload`. Loads may overlap: see `LoadOrder`. `load` must be the
 * same function in each render.
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
