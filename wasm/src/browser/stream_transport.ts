import type { TransportKind } from "../core/connection.js";
import { StreamError } from "../core/errors.js";
import type { EventSourceConstructor } from "./event_source_transport.js";
import { openEventSource } from "./event_source_transport.js";
import type { FetchFunction } from "./fetch_transport.js";
import { fitsHeader, openFetch } from "./fetch_transport.js";
import type { Workflow } from "../workflow/workflow.js";
import type { TransportName, WorkflowStreamOptions } from "./stream_options.js";
import type { TransportEvents } from "./transport.js";
import { withCursor, withTicket } from "./transport.js";

/**
 * The transport that the options ask for, or else the one that they allow. Throws a StreamError if they contradict each
 * other.
 */
export function transportOf<W extends Workflow>(options: WorkflowStreamOptions<W>): TransportName {
  const { transport, headers, credentials, token, fetch, eventSource } = options;
  const isBeyondEventSource = headers !== undefined || credentials === "omit";
  if (transport === "eventsource" && isBeyondEventSource) {
    throw new StreamError(
      "invalid_options",
      'EventSource sends no headers, and always sends credentials: use transport: "fetch"',
    );
  }
  const hasEventSource = eventSource !== undefined || typeof EventSource !== "undefined";
  const wantsFetch = isBeyondEventSource || token !== undefined || fetch !== undefined;
  return transport ?? (wantsFetch || !hasEventSource ? "fetch" : "eventsource");
}

/**
 * Whether fetch can read the stream if EventSource is refused or held back. A page that brings its own EventSource must
 * bring its own fetch, too.
 */
export function hasFetch<W extends Workflow>({ eventSource, fetch: own }: WorkflowStreamOptions<W>): boolean {
  return own !== undefined || (eventSource === undefined && typeof fetch !== "undefined");
}

/** Errors that a transport throws synchronously are about the address. */
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
    throw new StreamError(
      "unsupported",
      "There is no EventSource here: use the fetch transport, or give one as the option eventSource",
    );
  }
  return EventSource;
}

/** Checks the address first: for an invalid one fetch would only say that the network failed. */
function environmentFetch(url: string): FetchFunction {
  if (typeof fetch === "undefined") {
    throw new StreamError(
      "unsupported",
      "There is neither EventSource nor fetch here: give one as the option eventSource or fetch",
    );
  }
  open("fetch", url, () => new Request(url));
  return fetch;
}

/** The page's fetch, or the environment's. */
export function fetchOf({ fetch }: Pick<WorkflowStreamOptions<Workflow>, "fetch">, url: string): FetchFunction {
  return fetch ?? environmentFetch(url);
}

/** The page's headers and the token. */
export function headersOf(headers: WorkflowStreamOptions<Workflow>["headers"], token: string): Headers {
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
    // The caught error may quote the value, which may be a secret.
    throw new StreamError("invalid_options", "HTTP does not allow a header, or the token, of the stream");
  }
}

/**
 * Opens an EventSource. With a ticket, the constructor's error is not passed on: it names the address and so the
 * ticket.
 */
function openWithTicket(
  constructor: EventSourceConstructor,
  address: string,
  ticket: string,
  withCredentials: boolean,
  events: TransportEvents,
): () => void {
  const work = () => openEventSource(constructor, withTicket(address, ticket), withCredentials, events);
  if (ticket === "") {
    return open("EventSource", address, work);
  }
  try {
    return work();
  } catch {
    throw new StreamError("unsupported", `EventSource can't open ${address}`);
  }
}

/**
 * Prepares one attempt: asks the page for its headers. Returns a function that begins the attempt, which returns a
 * function that ends it. Throws a StreamError if the environment, or what the page gave, makes the attempt impossible.
 *
 * `credential` is a token for `fetch`, a ticket for `eventsource`, or empty. A fetch in place of EventSource sends what
 * EventSource would: no header that needs a preflight.
 */
export function prepareTransport<W extends Workflow>(
  options: WorkflowStreamOptions<W>,
  transport: TransportName,
  kind: TransportKind,
  url: string,
  lastEventId: string,
  credential: string,
): (events: TransportEvents) => () => void {
  const { credentials = "same-origin" } = options;
  if (transport === "eventsource") {
    const address = withCursor(url, lastEventId);
    if (kind !== "preferred") {
      const request = { headers: new Headers(), credentials };
      return (events) => openFetch(fetchOf(options, address), withTicket(address, credential), request, "", events);
    }
    const constructor = options.eventSource ?? environmentEventSource();
    const withCredentials = credentials === "include";
    return (events) => openWithTicket(constructor, address, credential, withCredentials, events);
  }
  const headers = headersOf(options.headers, credential);
  const inHeader = fitsHeader(lastEventId) ? lastEventId : "";
  const address = withCursor(url, inHeader === "" ? lastEventId : "");
  return (events) => {
    return openFetch(fetchOf(options, address), address, { headers, credentials }, inHeader, events);
  };
}
