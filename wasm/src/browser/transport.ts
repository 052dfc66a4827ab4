/** What the transports have in common: each makes one attempt and reports. */

import type { Answer, TransportEnd } from "../core/connection.js";

/** The events of one attempt. None comes after `ended`, or after the attempt was closed. */
export interface TransportEvents {
  responded(answer: Answer): void;
  /** One event, from a transport that parses. `lastEventId` is given if this event changed it. */
  message(data: string, lastEventId: string | undefined): void;
  /** Bytes of the stream, from a transport that does not parse. */
  bytes(chunk: Uint8Array): void;
  ended(end: TransportEnd): void;
}

/** Adds to a URL's query, and drops its fragment. */
export function withQuery(url: string, query: string): string {
  const [beforeFragment = ""] = url.split("#", 1);
  if (query === "") {
    return beforeFragment;
  }
  return beforeFragment + (beforeFragment.includes("?") ? "&" : "?") + query;
}

/** Adds a cursor that no header can carry. */
export function withCursor(url: string, lastEventId: string): string {
  return withQuery(url, lastEventId === "" ? "" : String(new URLSearchParams({ lastEventId })));
}

/** Adds a ticket. The result may not be shown or reused. */
export function withTicket(url: string, ticket: string): string {
  return withQuery(url, ticket === "" ? "" : String(new URLSearchParams({ ticket })));
}

/** The address that gives tickets for the stream at `url`. */
export function ticketsOf(url: string): string {
  const [path = "", ...query] = withQuery(url, "").split("?");
  return [`${path}/tickets`, ...query].join("?");
}
