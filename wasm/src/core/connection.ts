/** The names of the core's connection machine, each list in the order of the ABI's numbers (connection.hpp). */

export const connectionStates = ["idle", "authorizing", "connecting", "open", "waiting", "closed"] as const;

/**
 * - `idle`: not asked to connect yet
 * - `authorizing`: an attempt has begun and waits for its token or ticket
 * - `connecting`: an attempt waits for the server's answer
 * - `open`: accepted by the server; updates arrive
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

/** How an attempt ended, as far as its transport knows. */
export type TransportEnd = "ended" | "failed" | "refused_unseen";
export const transportEnds: readonly TransportEnd[] = ["ended", "failed", "refused_unseen"];

/**
 * What the page's environment reports: the network is back, or gone; the page became visible; the page came back from
 * the back-forward cache.
 */
export type Signal = "online" | "offline" | "visible" | "restored";
export const signals: readonly Signal[] = ["online", "offline", "visible", "restored"];

/**
 * The kind of an attempt's transport: the page's choice; one that sees the answers that EventSource hides; or polling,
 * where a proxy holds streams back.
 */
export type TransportKind = "preferred" | "seeing" | "polling";
export const transportKinds: readonly TransportKind[] = ["preferred", "seeing", "polling"];

/** Why there is no token: its source failed, say, or the user has signed out. */
export type TokenFailure = "may_pass" | "for_good";
export const tokenFailures: readonly TokenFailure[] = ["may_pass", "for_good"];

/** What to do after an answer that is not a stream: `standard` gives up, `resilient` tries again. */
export type RetryPolicy = "resilient" | "standard";
export const policies: readonly RetryPolicy[] = ["resilient", "standard"];

/** The head of the server's answer. */
export interface Answer {
  readonly status: number;
  /** Content-Type's essence is text/event-stream. */
  readonly isEventStream: boolean;
  /** The body's content coding, if nothing here undoes it. */
  readonly coding: string | undefined;
  /** Undefined if the server sent none. */
  readonly retryAfterMs: number | undefined;
}
