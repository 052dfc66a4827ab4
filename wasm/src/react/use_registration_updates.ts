import { useCallback, useEffect, useRef, useSyncExternalStore } from "react";

import type { ConnectionState } from "../core/connection.js";
import type { RegistrationUpdate, RegistrationView } from "../shared/messages.js";
import type { StreamLease } from "./shared_streams.js";
import { acquireStream, peekSnapshot } from "./shared_streams.js";
import type { StreamError } from "../core/errors.js";
import type { TransportName } from "../browser/stream_options.js";
import { idleSnapshot } from "../browser/stream_options.js";

export interface UseRegistrationUpdatesOptions {
  /** Without it, the stream carries every registration's updates. */
  readonly registrationId?: number | undefined;
  /** Called once for each update, in order. A new function each render is fine. */
  readonly onUpdate?: ((update: RegistrationUpdate) => void) | undefined;
  /** Default true: connects when mounted. */
  readonly autoConnect?: boolean | undefined;
  /** Default: `/api/registrations/updates/stream`. */
  readonly url?: string | undefined;
  /** Default: `eventsource`, where there is one. With `fetch` the stream hears why it is refused. */
  readonly transport?: TransportName | undefined;
}

export interface RegistrationUpdates {
  /** True while the stream is open. */
  readonly isConnected: boolean;
  readonly latestUpdate: RegistrationUpdate | null;
  /** All updates folded into one view; null on a stream of every registration. */
  readonly registration: RegistrationView | null;
  readonly connection: ConnectionState;
  /** How often a connection has been opened so far: 2 means that it was lost once and came back. */
  readonly connections: number;
  /** How often updates may have been missed, which `registration.hasGap` says as well: load again what you hold. */
  readonly resets: number;
  readonly error: StreamError | null;
  /** Asks for the stream; for `autoConnect: false`, and after an error or `disconnect`. */
  connect(): void;
  /** No longer asks for it, and `onUpdate` hears nothing more. The stream closes when no component asks for it. */
  disconnect(): void;
}

/**
 * Live updates of one registration, or of all. Components that ask for the same share one connection,
 * which closes with the last of them.
 */
export function useRegistrationUpdates({
  registrationId,
  onUpdate,
  autoConnect = true,
  url,
  transport,
}: UseRegistrationUpdatesOptions = {}): RegistrationUpdates {
  const latestOnUpdate = useRef(onUpdate);
  useEffect(() => {
    latestOnUpdate.current = onUpdate;
  });

  const lease = useRef<StreamLease | null>(null);
  const subscribe = useCallback(
    (notify: () => void) => {
      const held = acquireStream({ url, registrationId, transport });
      const stopChanges = held.stream.subscribe(notify);
      const stopUpdates = held.subscribeToUpdates((update) =>
        latestOnUpdate.current?.(update),
      );
      lease.current = held;
      return () => {
        lease.current = null;
        stopUpdates();
        stopChanges();
        held.release();
      };
    },
    [url, registrationId, transport],
  );
  const snapshot = useSyncExternalStore(
    subscribe,
    () => peekSnapshot({ url, registrationId, transport }),
    () => idleSnapshot,
  );

  // Effects run in order, so that the lease is there: `subscribe` stands for which one.
  useEffect(() => {
    const held = lease.current;
    if (!autoConnect || held === null) {
      return undefined;
    }
    held.connect();
    return () => held.leave();
  }, [autoConnect, subscribe]);

  const connect = useCallback(() => lease.current?.connect(), []);
  const disconnect = useCallback(() => lease.current?.disconnect(), []);
  const { isConnected, latestUpdate, registration, connection, connections, resets, error } =
    snapshot;
  return {
    isConnected,
    latestUpdate,
    registration,
    connection,
    connections,
    resets,
    error,
    connect,
    disconnect,
  };
}
