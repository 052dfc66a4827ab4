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

/** `url` with the stream's query parameters; what it has already stays. */
export function streamUrl(
  url: string,
  registrationId: number | undefined,
  lastEventId: string,
): string {
  const [beforeFragment = ""] = url.split("#", 1);
  const parameters = new URLSearchParams();
  if (registrationId !== undefined) {
    parameters.set("registrationId", String(registrationId));
  }
  if (lastEventId !== "") {
    parameters.set("lastEventId", lastEventId);
  }
  const query = parameters.toString();
  if (query === "") {
    return beforeFragment;
  }
  return beforeFragment + (beforeFragment.includes("?") ? "&" : "?") + query;
}
