import type { PlatformEvent, PlatformMessageEvent } from "../shared/platform.js";
import type { TransportEvents } from "./transport.js";

/** The part of EventSource that is used. Tests and polyfills can implement it. */
export interface EventSourceLike {
  readonly readyState: number;
  onopen: ((event: PlatformEvent) => void) | null;
  onmessage: ((event: PlatformMessageEvent) => void) | null;
  onerror: ((event: PlatformEvent) => void) | null;
  close(): void;
}

export type EventSourceConstructor = new (url: string, init?: { withCredentials?: boolean }) => EventSourceLike;

const closed = 2;

/** Browsers hide the status. A polyfill may expose it: the package `eventsource` does, as its error's `code`. */
function statusOf(event: Event): number | undefined {
  return "code" in event && typeof event.code === "number" ? event.code : undefined;
}

/**
 * Makes one attempt with one EventSource; returns a function that closes it. It is closed at the first error: the core
 * decides about reconnecting, EventSource must not do so as well, and a ticket in the address admits only one request.
 */
export function openEventSource(
  constructor: EventSourceConstructor,
  url: string,
  withCredentials: boolean,
  events: TransportEvents,
): () => void {
  const source = withCredentials ? new constructor(url, { withCredentials }) : new constructor(url);
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
    // EventSource says no more than that the server answered with a stream.
    events.responded({ status: 200, isEventStream: true, coding: undefined, retryAfterMs: undefined });
  };
  source.onmessage = (event) => {
    const data: unknown = event.data;
    const changed = event.lastEventId !== lastEventId;
    lastEventId = event.lastEventId;
    events.message(typeof data === "string" ? data : "", changed ? lastEventId : undefined);
  };
  source.onerror = (event) => {
    // EventSource hides the status. It gives up (closed) at an answer that is not a stream, and would retry
    // (connecting) without an answer or when the stream ended.
    const gaveUp = source.readyState === closed;
    const status = statusOf(event);
    close();
    if (!opened && gaveUp && status !== undefined) {
      events.responded({ status, isEventStream: false, coding: undefined, retryAfterMs: undefined });
    } else if (opened) {
      events.ended(gaveUp ? "failed" : "ended");
    } else {
      events.ended(gaveUp ? "refused_unseen" : "failed");
    }
  };
  return close;
}
