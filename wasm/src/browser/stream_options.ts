import type { ConnectionState, CoreReason, RetryPolicy } from "../core/connection.js";
import type { Core } from "../core/core.js";
import type { StreamError } from "../core/errors.js";
import type { Clock } from "../shared/clock.js";
import type { RegistrationUpdate, RegistrationView } from "../shared/messages.js";
import type { EventSourceConstructor } from "./event_source_transport.js";
import type { FetchFunction } from "./fetch_transport.js";
import type { Signals } from "./signals.js";

/** What a stream is told by the page, and what it tells. */

export const defaultStreamUrl = "/api/registrations/updates/stream";

/**
 * Why the connection entered its state.
 *
 * - `none`, `requested`: nothing happened yet; the caller connected or closed it
 * - `accepted`: the server answered with an event stream
 * - `retry_due`, `woken`: the wait is over, or was cut short (online, visible, restored)
 * - `ended`, `network_failed`, `timed_out`, `silent`, `refused`, `token_unavailable`: why the last attempt ended
 * - `offline`: the network is gone, so attempts are rare; `restored`: the page was in the back-forward cache
 * - `token_given`, `token_refused`: the attempt has its token, or the server wants another one
 * - `told_to_stop`, `unauthorized`, `forbidden`, `wrong_content_type`, `wrong_content_coding`, `redirect_failed`,
 *   `token_denied`, `refused_for_good`: closed for good
 * - `failed_here`: something in this page; `error` says what
 */
export type ConnectionReason = CoreReason | "failed_here";

/** What is known now. Immutable; the same object until something in it changes. */
export interface StreamSnapshot {
  readonly connection: ConnectionState;
  readonly reason: ConnectionReason;
  /** True while the stream is open. */
  readonly isConnected: boolean;
  readonly latestUpdate: RegistrationUpdate | null;
  /**
   * All updates folded into one view; null before the first, and on a stream of every registration. What did not
   * change keeps its object from one view to the next: a stage, say.
   */
  readonly registration: RegistrationView | null;
  /** How often a connection has been opened so far: 2 means that it was lost once and came back. */
  readonly connections: number;
  /**
   * How often updates may have been missed, so that what is known may be old: load again what you hold. Either the
   * server said so, or a message could not be read, which `error` says. `registration` stays, with `hasGap: true`, until
   * a snapshot replaces it; after the server's word the first update without one begins a new view, still with a gap.
   */
  readonly resets: number;
  readonly error: StreamError | null;
}

export const idleSnapshot: StreamSnapshot = Object.freeze({
  connection: "idle",
  reason: "none",
  isConnected: false,
  latestUpdate: null,
  registration: null,
  connections: 0,
  resets: 0,
  error: null,
});

/** What reads the stream. EventSource sees no status, no `Retry-After` and no `retry`, and sends no headers. */
export type TransportName = "eventsource" | "fetch";

export interface RegistrationStreamOptions {
  /** Default: `/api/registrations/updates/stream`. */
  readonly url?: string | undefined;
  /** Without it, the stream carries every registration's updates. */
  readonly registrationId?: number | undefined;
  /** Called once for each update, in order; the snapshot has it already. */
  readonly onUpdate?: ((update: RegistrationUpdate) => void) | undefined;
  /** Default: `resilient`. */
  readonly policy?: RetryPolicy | undefined;
  /** Default: `eventsource`; `fetch` where an option needs it, or there is no EventSource. */
  readonly transport?: TransportName | undefined;
  /** Sent with each request, by fetch. A function is called at each attempt. */
  readonly headers?: HeadersInit | (() => HeadersInit) | undefined;
  /** What fetch does with cookies. Default: `same-origin`. */
  readonly credentials?: RequestCredentials | undefined;
  /**
   * Called at each attempt for the token that fetch sends as `Authorization: Bearer`; with true after
   * the server refused the last one: it wants a fresh one. A rejection is tried again later; null says
   * that there is none, and closes the stream.
   */
  readonly token?: ((isRefused: boolean) => Promise<string | null>) | undefined;
  /** Default: the environment's fetch. */
  readonly fetch?: FetchFunction | undefined;
  /** Default: the environment's EventSource. */
  readonly eventSource?: EventSourceConstructor | undefined;
  readonly clock?: Clock | undefined;
  /** Default: online, offline, visible and restored, of the window. */
  readonly signals?: Signals | undefined;
  /** Default: random. Two 32-bit numbers that spread reconnects between clients. */
  readonly seed?: readonly [number, number] | undefined;
  /** Default: the package's own module. */
  readonly loadCore?: (() => Promise<Core>) | undefined;
}
