import type { ConnectionState, CoreReason, RetryPolicy } from "../core/connection.js";
import type { Core } from "../core/core.js";
import type { StreamError } from "../core/errors.js";
import type { Clock } from "../shared/clock.js";
import type { RegistrationWorkflow } from "../generated/registration.js";
import type { RegistrationView, UpdateOf, ViewOf } from "../shared/messages.js";
import type { Credentials, PlatformHeadersInit } from "../shared/platform.js";
import type { IdOf, Workflow } from "../workflow/workflow.js";
import type { EventSourceConstructor } from "./event_source_transport.js";
import type { FetchFunction } from "./fetch_transport.js";
import type { Frames } from "./pacer.js";
import type { Signals } from "./signals.js";

/** A stream's options and its snapshot. */

/**
 * Why the connection entered its state.
 *
 * - `none`, `requested`: nothing happened yet; the caller connected or closed it
 * - `accepted`: the server answered with an event stream
 * - `retry_due`, `woken`: the wait is over, or was cut short (online, visible, restored)
 * - `ended`, `network_failed`, `timed_out`, `silent`, `refused`, `token_unavailable`: why the last attempt ended
 * - `offline`: the network is gone, so attempts are rare; `restored`: the page came back from the back-forward cache
 * - `token_given`, `token_refused`: the attempt has its token or ticket; or the server refused the token
 * - `changed`: the stream follows other ids now and reconnects for them; the connection was not lost
 * - `renewed`: the token expires soon, so the stream reconnects with a fresh one; the connection was not lost
 * - `held_back`: a proxy holds streams back, so polls replace the stream; `polled`: after some minutes of polling a
 *   stream is tried again
 * - `finished`: the end that `until` waits for has come
 * - `told_to_stop`, `unauthorized`, `forbidden`, `wrong_content_type`, `wrong_content_coding`, `redirect_failed`,
 *   `token_denied`, `refused_for_good`: closed for good
 * - `failed_here`: something in this page failed; `error` says what
 */
export type ConnectionReason = CoreReason | "failed_here";

/** A stream's current state. Immutable; the same object until something in it changes. */
export interface WorkflowSnapshot<W extends Workflow> {
  readonly connection: ConnectionState;
  readonly reason: ConnectionReason;
  /** True while the stream is open. It stays true while the stream reconnects for other ids. */
  readonly isConnected: boolean;
  readonly latestUpdate: UpdateOf<W> | null;
  /**
   * With `id`: the instance's view, all its updates folded into one; null before the first. Parts that did not change
   * keep their object from one view to the next: a stage, say.
   */
  readonly view: ViewOf<W> | null;
  /** The views of the instances that the stream follows, by id. An instance without a message so far has none. */
  readonly views: ReadonlyMap<IdOf<W>, ViewOf<W>>;
  /** How often a connection has been opened so far: 2 means that it was lost once and came back. */
  readonly connections: number;
  /** What reads the stream now, or read it last. `polling`: a proxy holds streams back. */
  readonly transport: TransportName | "polling" | null;
  /**
   * How often updates may have been missed: reload what you show. Either the server said so, or a message could not be
   * read, and `error` says why. Views stay, with `hasGap: true`, until snapshots replace them. After a reset by the
   * server, the first update without a snapshot begins a new view, still with a gap.
   */
  readonly resets: number;
  readonly error: StreamError | null;
}

/** The current state of a stream of registrations. */
export interface StreamSnapshot extends WorkflowSnapshot<RegistrationWorkflow> {
  /** The same as `view`. */
  readonly registration: RegistrationView | null;
}

const idle = Object.freeze({
  connection: "idle",
  reason: "none",
  isConnected: false,
  latestUpdate: null,
  view: null,
  views: new Map<never, never>(),
  connections: 0,
  transport: null,
  resets: 0,
  error: null,
});

/** The snapshot of a stream that was never connected: always the same object. */
export function idleSnapshot<W extends Workflow>(): WorkflowSnapshot<W> {
  return idle;
}

/**
 * What reads the stream. EventSource hides the status, `Retry-After` and `retry`, and sends neither headers nor a
 * token.
 */
export type TransportName = "eventsource" | "fetch";

export interface WorkflowStreamOptions<W extends Workflow> {
  /** Where the stream is. Query parameters of your own stay. Default: the workflow's own path. */
  readonly url?: string | undefined;
  /** The one instance to follow. Without `id` and `ids`: every instance. */
  readonly id?: IdOf<W> | undefined;
  /** Several instances, at most 100, in place of `id`. `follow` changes them. */
  readonly ids?: readonly IdOf<W>[] | undefined;
  /**
   * `final`: the stream of one instance ends for good with the instance's final update, or at once if there was one.
   * `finished` resolves with the last view.
   */
  readonly until?: "final" | undefined;
  /** Called once for each update, in order. The snapshot already includes the update. */
  readonly onUpdate?: ((update: UpdateOf<W>) => void) | undefined;
  /** Default: `resilient`. */
  readonly policy?: RetryPolicy | undefined;
  /** Default: `eventsource`; `fetch` with a token, if another option needs it, or if there is no EventSource. */
  readonly transport?: TransportName | undefined;
  /** Sent with each request, by fetch. A function is called at each attempt. */
  readonly headers?: PlatformHeadersInit | (() => PlatformHeadersInit) | undefined;
  /**
   * Which cookies are sent, as in fetch. Default: `same-origin`. `include` sends them to another origin, too
   * (`withCredentials` of EventSource); `omit` needs `fetch`.
   */
  readonly credentials?: Credentials | undefined;
  /**
   * Called at each attempt for the token, which `fetch` sends as `Authorization: Bearer`. `isRefused` is true after the
   * server refused the last token: return a fresh one. If the promise rejects, the stream asks again later; null means
   * that there is no token, and closes the stream. `eventsource` can't send a token: the stream exchanges it for a
   * ticket, which admits one attempt (`POST <url>/tickets`).
   */
  readonly token?: ((isRefused: boolean) => Promise<string | null>) | undefined;
  /**
   * Reads the stream. With `eventsource` it fetches tickets, and reads the stream where EventSource is refused or held
   * back. Default: the environment's fetch, or none if the page brings an `eventSource` of its own.
   */
  readonly fetch?: FetchFunction | undefined;
  /** Default: the environment's EventSource. */
  readonly eventSource?: EventSourceConstructor | undefined;
  readonly clock?: Clock | undefined;
  /**
   * When change listeners are called. Default: with the window's frames. Null, or without frames as in Node: at once.
   */
  readonly frames?: Frames | null | undefined;
  /** Default: the window's own: online, offline, visible and restored. */
  readonly signals?: Signals | undefined;
  /** Two 32-bit numbers that spread the reconnects of clients. Default: random. */
  readonly seed?: readonly [number, number] | undefined;
  /** Default: the package's own module. */
  readonly loadCore?: (() => Promise<Core>) | undefined;
}

/** Options of a stream of registrations. */
export interface RegistrationStreamOptions extends Omit<WorkflowStreamOptions<RegistrationWorkflow>, "id" | "ids"> {
  /** Without it, the stream carries every registration's updates. */
  readonly registrationId?: number | undefined;
}
