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

/** What a stream is told by the page, and what it tells. */

/**
 * Why the connection entered its state.
 *
 * - `none`, `requested`: nothing happened yet; the caller connected or closed it
 * - `accepted`: the server answered with an event stream
 * - `retry_due`, `woken`: the wait is over, or was cut short (online, visible, restored)
 * - `ended`, `network_failed`, `timed_out`, `silent`, `refused`, `token_unavailable`: why the last attempt ended
 * - `offline`: the network is gone, so attempts are rare; `restored`: the page was in the back-forward cache
 * - `token_given`, `token_refused`: the attempt has its token or ticket, or the server wants another token
 * - `changed`: the stream asks for other ids, and is opened anew without having been lost
 * - `renewed`: the stream's token expires soon, so it is opened anew with a fresh one without having been lost
 * - `finished`: what `until` waited for has come
 * - `told_to_stop`, `unauthorized`, `forbidden`, `wrong_content_type`, `wrong_content_coding`, `redirect_failed`,
 *   `token_denied`, `refused_for_good`: closed for good
 * - `failed_here`: something in this page; `error` says what
 */
export type ConnectionReason = CoreReason | "failed_here";

/** What is known now. Immutable; the same object until something in it changes. */
export interface WorkflowSnapshot<W extends Workflow> {
  readonly connection: ConnectionState;
  readonly reason: ConnectionReason;
  /** True while the stream is open, also while it is opened anew because it asks for other ids. */
  readonly isConnected: boolean;
  readonly latestUpdate: UpdateOf<W> | null;
  /**
   * Of a stream of one instance (`id`): all its updates folded into one view; null before the first. What did not
   * change keeps its object from one view to the next: a stage, say.
   */
  readonly view: ViewOf<W> | null;
  /** The same for each instance that the stream names, by its id, as far as something is known of it. */
  readonly views: ReadonlyMap<IdOf<W>, ViewOf<W>>;
  /** How often a connection has been opened so far: 2 means that it was lost once and came back. */
  readonly connections: number;
  /**
   * How often updates may have been missed, so that what is known may be old: load again what you hold. Either the
   * server said so, or a message could not be read, which `error` says. Views stay, with `hasGap: true`, until
   * snapshots replace them; after the server's word the first update without one begins a new view, still with a gap.
   */
  readonly resets: number;
  readonly error: StreamError | null;
}

/** What is known now of registrations. */
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
  resets: 0,
  error: null,
});

/** Of a stream that was never connected: the same object always. */
export function idleSnapshot<W extends Workflow>(): WorkflowSnapshot<W> {
  return idle;
}

/** What reads the stream. EventSource sees no status, no `Retry-After` and no `retry`, and sends no headers or token. */
export type TransportName = "eventsource" | "fetch";

export interface WorkflowStreamOptions<W extends Workflow> {
  /** Where the stream is, with query parameters of your own, if any. Default: the workflow's own path. */
  readonly url?: string | undefined;
  /** The one instance whose updates the stream carries. Without `id` and `ids`, every instance's. */
  readonly id?: IdOf<W> | undefined;
  /** Several instances, at most 100, in place of `id`. `follow` changes them. */
  readonly ids?: readonly IdOf<W>[] | undefined;
  /**
   * With `final` the stream of one instance ends by itself, for good, when that has ended, or has already: `finished`
   * gives its last view.
   */
  readonly until?: "final" | undefined;
  /** Called once for each update, in order; the snapshot has it already. */
  readonly onUpdate?: ((update: UpdateOf<W>) => void) | undefined;
  /** Default: `resilient`. */
  readonly policy?: RetryPolicy | undefined;
  /** Default: `eventsource`; `fetch` with a token, where another option needs it, or there is no EventSource. */
  readonly transport?: TransportName | undefined;
  /** Sent with each request, by fetch. A function is called at each attempt. */
  readonly headers?: PlatformHeadersInit | (() => PlatformHeadersInit) | undefined;
  /**
   * What becomes of cookies, as fetch has it. Default: `same-origin`. `include` sends them to another origin, too
   * (`withCredentials` of EventSource); `omit` needs `fetch`.
   */
  readonly credentials?: Credentials | undefined;
  /**
   * Called at each attempt for the token that `fetch` sends as `Authorization: Bearer`; with true after
   * the server refused the last one: it wants a fresh one. A rejection is tried again later; null says
   * that there is none, and closes the stream. `eventsource` can't send it: the stream then fetches a ticket
   * for each attempt (`POST <url>/tickets`), which lets that one in.
   */
  readonly token?: ((isRefused: boolean) => Promise<string | null>) | undefined;
  /** Reads the stream, or gets the tickets of `eventsource`. Default: the environment's fetch. */
  readonly fetch?: FetchFunction | undefined;
  /** Default: the environment's EventSource. */
  readonly eventSource?: EventSourceConstructor | undefined;
  readonly clock?: Clock | undefined;
  /**
   * When listeners of changes hear of them. Default: the window's frames. Null, and where there are none, as in Node:
   * at once.
   */
  readonly frames?: Frames | null | undefined;
  /** Default: online, offline, visible and restored, of the window. */
  readonly signals?: Signals | undefined;
  /** Default: random. Two 32-bit numbers that spread reconnects between clients. */
  readonly seed?: readonly [number, number] | undefined;
  /** Default: the package's own module. */
  readonly loadCore?: (() => Promise<Core>) | undefined;
}

/** Of a stream of registrations. */
export interface RegistrationStreamOptions extends Omit<WorkflowStreamOptions<RegistrationWorkflow>, "id" | "ids"> {
  /** Without it, the stream carries every registration's updates. */
  readonly registrationId?: number | undefined;
}
