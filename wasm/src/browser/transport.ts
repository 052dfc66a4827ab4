/** What the transports have in common: each makes one attempt, and reports. */

import type { Answer, TransportEnd } from "../core/connection.js";

/** What one attempt reports. Nothing comes after `ended`, or after it was closed from here. */
export interface TransportEvents {
  responded(answer: Answer): void;
  /** One event, of a transport that parses. `lastEventId` is given where this event changed it. */
  message(data: string, lastEventId: string | undefined): void;
  /** Bytes of the stream, of a transport that does not. */
  bytes(chunk: Uint8Array): void;
  ended(end: TransportEnd): void;
}

/** `url` with more of a query; what it has already stays, but for a fragment. */
export function withQuery(url: string, query: string): string {
  const [beforeFragment = ""] = url.split("#", 1);
  if (query === "") {
    return beforeFragment;
  }
  return beforeFragment + (beforeFragment.includes("?") ? "&" : "?") + query;
}

/** The same for a cursor, where no header brings it. */
export function withCursor(url: string, lastEventId: string): string {
  return withQuery(url, lastEventId === "" ? "" : String(new URLSearchParams({ lastEventId })));
}

/** The same for a ticket, which stands in this address alone: it may not be shown, nor be used again. */
export function withTicket(url: string, ticket: string): string {
  return withQuery(url, ticket === "" ? "" : String(new URLSearchParams({ ticket })));
}

/** Where tickets for the stream at `url` are given. */
export function ticketsOf(url: string): string {
  const [path = "", ...query] = withQuery(url, "").split("?");
  return [`${path}/tickets`, ...query].join("?");
}
