/** What the transports have in common: each makes one attempt, and reports. */

/** How an attempt ended, as far as the transport can tell; the core's TransportEnd by name. */
export type TransportEnd = "ended" | "failed" | "refused_unseen";

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
