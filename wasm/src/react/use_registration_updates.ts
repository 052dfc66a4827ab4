import type { TransportName } from "../browser/stream_options.js";
import type { ConnectionState } from "../core/connection.js";
import type { StreamError } from "../core/errors.js";
import { registrationWorkflow } from "../generated/registration.js";
import type { RegistrationUpdate, RegistrationView } from "../shared/messages.js";
import { useUpdates } from "./use_updates.js";

export interface UseRegistrationUpdatesOptions {
  /** Without it, the stream carries every registration's updates. */
  readonly registrationId?: number | undefined;
  /** Called once for each update, in order. A new function each render is fine. */
  readonly onUpdate?: ((update: RegistrationUpdate) => void) | undefined;
  /** Default true: connects when mounted. */
  readonly autoConnect?: boolean | undefined;
  /** Default: `/api/registrations/updates/stream`. */
  readonly url?: string | undefined;
  /** Default: `eventsource`; `fetch` with a token, and where there is no EventSource. It hears why it is refused. */
  readonly transport?: TransportName | undefined;
  /** What becomes of cookies, as fetch has it. Default: `same-origin`. */
  readonly credentials?: RequestCredentials | undefined;
  /**
   * Called at each attempt for the token; with true after the server refused the last one. It has to be the same
   * function from render to render (`useCallback`, or a module's): with another one this is another stream.
   */
  readonly token?: ((isRefused: boolean) => Promise<string | null>) | undefined;
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
  ...options
}: UseRegistrationUpdatesOptions = {}): RegistrationUpdates {
  const { view: registration, views: _views, ...updates } = useUpdates(registrationWorkflow, {
    id: registrationId,
    ...options,
  });
  return { registration, ...updates };
}
