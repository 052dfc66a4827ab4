import { StreamError } from "../core/errors.js";
import type { EventSourceConstructor } from "./event_source_transport.js";
import { openEventSource } from "./event_source_transport.js";
import type { FetchFunction } from "./fetch_transport.js";
import { fitsHeader, openFetch } from "./fetch_transport.js";
import type { Workflow } from "../workflow/workflow.js";
import type { TransportName, WorkflowStreamOptions } from "./stream_options.js";
import type { TransportEvents } from "./transport.js";
import { withCursor } from "./transport.js";

/** Which transport the options ask for, or leave. */
export function transportOf<W extends Workflow>(options: WorkflowStreamOptions<W>): TransportName {
  const { transport, headers, credentials, token, fetch, eventSource } = options;
  const needsFetch = [headers, credentials, token, fetch].some((option) => option !== undefined);
  if (transport === "eventsource" && needsFetch) {
    throw new StreamError(
      "invalid_options",
      "EventSource takes no headers, credentials, token or fetch: use the fetch transport",
    );
  }
  const hasEventSource = eventSource !== undefined || typeof EventSource !== "undefined";
  return transport ?? (needsFetch || !hasEventSource ? "fetch" : "eventsource");
}

/** What the transport throws at once is about the address. */
function open<T>(transport: string, url: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    const message = `${transport} can't open ${url}: ${String(cause)}`;
    throw new StreamError("unsupported", message, cause);
  }
}

function environmentEventSource(): EventSourceConstructor {
  if (typeof EventSource === "undefined") {
    throw new StreamError("unsupported", "There is no EventSource here: use the fetch transport");
  }
  return EventSource;
}

/** An address that is none is an error at once: fetch would only say that the network failed. */
function environmentFetch(url: string): FetchFunction {
  if (typeof fetch === "undefined") {
    throw new StreamError("unsupported", "There is neither EventSource nor fetch here");
  }
  open("fetch", url, () => new Request(url));
  return fetch;
}

function headersOf(headers: WorkflowStreamOptions<Workflow>["headers"], token: string): Headers {
  let given: HeadersInit | undefined;
  try {
    given = typeof headers === "function" ? headers() : headers;
  } catch (cause) {
    const message = `The function that gives the stream's headers failed: ${String(cause)}`;
    throw new StreamError("invalid_options", message, cause);
  }
  try {
    const all = new Headers(given);
    if (token !== "") {
      all.set("Authorization", `Bearer ${token}`);
    }
    return all;
  } catch {
    // What was caught may say the value, which may be a secret.
    throw new StreamError("invalid_options", "HTTP does not allow a header, or the token, of the stream");
  }
}

/**
 * Gets one attempt ready: asks the page for its headers. What it returns begins the attempt, and returns what ends it.
 * Throws a StreamError where this environment, or what the page gave, makes none possible.
 */
export function prepareTransport<W extends Workflow>(
  options: WorkflowStreamOptions<W>,
  transport: TransportName,
  url: string,
  lastEventId: string,
  token: string,
): (events: TransportEvents) => () => void {
  const { credentials = "same-origin" } = options;
  if (transport === "eventsource") {
    const constructor = options.eventSource ?? environmentEventSource();
    const address = withCursor(url, lastEventId);
    return (events) => open("EventSource", address, () => openEventSource(constructor, address, events));
  }
  const headers = headersOf(options.headers, token);
  const inHeader = fitsHeader(lastEventId) ? lastEventId : "";
  const address = withCursor(url, inHeader === "" ? lastEventId : "");
  return (events) => {
    const fetch = options.fetch ?? environmentFetch(address);
    return openFetch(fetch, address, { headers, credentials }, inHeader, events);
  };
}
