/** The words of the core's connection machine, each list in the order of the ABI's numbers (connection.hpp). */

export const connectionStates = ["idle", "authorizing", "connecting", "open", "waiting", "closed"] as const;

/**
 * - `idle`: not asked to connect yet
 * - `authorizing`: an attempt begins, and waits for its token or ticket
 * - `connecting`: an attempt is under way
 * - `open`: accepted by the server, updates arrive
 * - `waiting`: between attempts
 * - `closed`: for good, or until `connect()`
 */
export type ConnectionState = (typeof connectionStates)[number];

export const coreReasons = [
  "none",
  "requested",
  "changed",
  "renewed",
  "token_given",
  "token_refused",
  "accepted",
  "retry_due",
  "woken",
  "ended",
  "network_failed",
  "timed_out",
  "silent",
  "refused",
  "token_unavailable",
  "offline",
  "restored",
  "finished",
  "told_to_stop",
  "unauthorized",
  "forbidden",
  "wrong_content_type",
  "redirect_failed",
  "token_denied",
  "refused_for_good",
  "wrong_content_coding",
  "held_back",
  "polled",
] as const;

/** Why the machine entered its state. */
export type CoreReason = (typeof coreReasons)[number];

/** How an attempt ended, as far as its transport can tell. */
export type TransportEnd = "ended" | "failed" | "refused_unseen";
export const transportEnds: readonly TransportEnd[] = ["ended", "failed", "refused_unseen"];

/**
 * What the page hears from its environment: the network is back, or gone; the tab is looked at again; the page
 * came out of the back-forward cache.
 */
export type Signal = "online" | "offline" | "visible" | "restored";
export const signals: readonly Signal[] = ["online", "offline", "visible", "restored"];

/**
 * By what kind of transport an attempt is made: the page's choice; one that sees the answers which that hides; or a
 * request for a body that ends, where something on the way holds streams back.
 */
export type TransportKind = "preferred" | "seeing" | "polling";
export const transportKinds: readonly TransportKind[] = ["preferred", "seeing", "polling"];

/** Why there is no token: its source failed, say, or the user is signed out. */
export type TokenFailure = "may_pass" | "for_good";
export const tokenFailures: readonly TokenFailure[] = ["may_pass", "for_good"];

/** What to do about an answer that is no stream: `standard` gives up, `resilient` tries again. */
export type RetryPolicy = "resilient" | "standard";
export const policies: readonly RetryPolicy[] = ["resilient", "standard"];

/** What the server answered with. */
export interface Answer {
  readonly status: number;
  /** Content-Type's essence is text/event-stream. */
  readonly isEventStream: boolean;
  /** The body's content coding, where it is one that nobody here undoes. */
  readonly coding: string | undefined;
  /** Undefined where the server named none. */
  readonly retryAfterMs: number | undefined;
}
