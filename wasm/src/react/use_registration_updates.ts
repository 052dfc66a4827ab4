import type { ConnectionReason, StreamSnapshot } from "../browser/stream_options.js";
import type { ConnectionState } from "../core/connection.js";
import type { StreamError } from "../core/errors.js";
import type { RegistrationWorkflow } from "../generated/registration.js";
import { registrationWorkflow } from "../generated/registration.js";
import type { RegistrationUpdate, RegistrationView } from "../shared/messages.js";
import type { StreamSwitch, UseUpdatesOptions } from "./use_lease.js";
import { useUpdates } from "./use_updates.js";

/** The options that all hooks of registrations take. */
export interface RegistrationHookOptions
  extends Omit<UseUpdatesOptions<RegistrationWorkflow>, "id" | "ids" | "until" | "onUpdate"> {
  /** Called once for each update, in order. A new function each render is fine. */
  readonly onUpdate?: ((update: RegistrationUpdate) => void) | undefined;
}

export interface UseRegistrationUpdatesOptions extends RegistrationHookOptions {
  /** The registration to follow. Default: every registration. */
  readonly registrationId?: number | undefined;
  /** `final`: the stream of one registration ends by itself when that has ended. */
  readonly until?: "final" | undefined;
}

/** The connection and the last update. */
export interface RegistrationConnection extends StreamSwitch {
  /** True while the stream is open. */
  readonly isConnected: boolean;
  readonly latestUpdate: RegistrationUpdate | null;
  readonly connection: ConnectionState;
  /** Why the connection entered its state. */
  readonly reason: ConnectionReason;
  /** What reads the stream now, or read it last. `polling`: a proxy holds streams back. */
  readonly transport: StreamSnapshot["transport"];
  /** How often a connection has been opened so far: 2 means that it was lost once and came back. */
  readonly connections: number;
  /** How often updates may have been missed: reload what you show. The views concerned say `hasGap: true`. */
  readonly resets: number;
  readonly error: StreamError | null;
}

export interface RegistrationUpdates extends RegistrationConnection {
  /** All updates folded into one view; null on a stream of every registration. */
  readonly registration: RegistrationView | null;
}

/** Live updates of one registration, or of all. Components share one connection, which closes with the last of them. */
export function useRegistrationUpdates({
  registrationId,
  ...options
}: UseRegistrationUpdatesOptions = {}): RegistrationUpdates {
  const {
    view: registration,
    views: _views,
    ...updates
  } = useUpdates(registrationWorkflow, {
    id: registrationId,
    ...options,
  });
  return { registration, ...updates };
}
