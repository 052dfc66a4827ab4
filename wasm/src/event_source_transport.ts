/** How an attempt ended, as far as EventSource tells; the core's TransportEnd by name. */
export type TransportEnd = "ended" | "failed" | "refused_unseen";

/** What one attempt reports. Nothing comes after `end`, or after `close`. */
export interface TransportEvents {
  /** The server answered with an event stream. */
  opened(): void;
  /** One event. `lastEventId` is given where this event changed it. */
  message(data: string, lastEventId: string | undefined): void;
  ended(end: TransportEnd): void;
}

/** The part of EventSource that is used, so that tests and polyfills can stand in for it. */
export interface EventSourceLike {
  readonly readyState: number;
  onopen: ((event: Event) => void) | null;
  onmessage: ((event: MessageEvent) => void) | null;
  onerror: ((event: Event) => void) | null;
  close(): void;
}

export type EventSourceConstructor = new (url: string) => EventSourceLike;

const closed = 2;

/**
 * One attempt with one EventSource. It is closed at the first error, since the core decides about
 * reconnecting, and would be in two minds with EventSource otherwise. Returns what closes it.
 */
export function openEventSource(
  constructor: EventSourceConstructor,
  url: string,
  events: TransportEvents,
): () => void {
  const source = new constructor(url);
  let opened = false;
  let lastEventId = "";

  const close = () => {
    source.onopen = null;
    source.onmessage = null;
    source.onerror = null;
    source.close();
  };
  source.onopen = () => {
    opened = true;
    events.opened();
  };
  source.onmessage = (event) => {
    const data: unknown = event.data;
    const changed = event.lastEventId !== lastEventId;
    lastEventId = event.lastEventId;
    events.message(typeof data === "string" ? data : "", changed ? lastEventId : undefined);
  };
  source.onerror = () => {
    // EventSource hides the status: it gives up (closed) on an answer that is no stream, and would
    // try again by itself (connecting) where there was no answer, or the stream ended.
    const gaveUp = source.readyState === closed;
    close();
    if (opened) {
      events.ended(gaveUp ? "failed" : "ended");
    } else {
      events.ended(gaveUp ? "refused_unseen" : "failed");
    }
  };
  return close;
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
