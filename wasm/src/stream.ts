import type { Clock } from "./clock.js";
import { createClock } from "./clock.js";
import type { Core } from "./core.js";
import { loadCore } from "./core.js";
import type { ConnectionState, CoreReason, RetryPolicy } from "./core_client.js";
import { CoreClient } from "./core_client.js";
import { StreamError } from "./errors.js";
import type { EventSourceConstructor } from "./event_source_transport.js";
import { openEventSource } from "./event_source_transport.js";
import type { FetchFunction } from "./fetch_transport.js";
import { fitsHeader, openFetch } from "./fetch_transport.js";
import type { MessageBatch } from "./message_batch.js";
import type { RegistrationUpdate, RegistrationView } from "./messages.js";
import { parseView } from "./messages.js";
import type { Signal, Signals } from "./signals.js";
import { browserSignals } from "./signals.js";
import type { Answer, TransportEvents } from "./transport.js";
import { streamUrl } from "./transport.js";

export const defaultStreamUrl = "/api/registrations/updates/stream";

/**
 * Why the connection entered its state.
 *
 * - `none`, `requested`: nothing happened yet; the caller connected or closed it
 * - `accepted`: the server answered with an event stream
 * - `retry_due`, `woken`: the wait is over, or was cut short (online, visible, restored)
 * - `ended`, `network_failed`, `timed_out`, `silent`, `refused`, `token_unavailable`: why the last attempt ended
 * - `offline`: the network is gone, so attempts are rare; `restored`: the page was in the back-forward cache
 * - `token_given`, `token_refused`: the attempt has its token, or the server wants another one
 * - `told_to_stop`, `unauthorized`, `forbidden`, `wrong_content_type`, `wrong_content_coding`, `redirect_failed`,
 *   `token_denied`, `refused_for_good`: closed for good
 * - `failed_here`: something in this page; `error` says what
 */
export type ConnectionReason = CoreReason | "failed_here";

/** What is known now. Immutable; the same object until something in it changes. */
export interface StreamSnapshot {
  readonly connection: ConnectionState;
  readonly reason: ConnectionReason;
  /** True while the stream is open. */
  readonly isConnected: boolean;
  readonly latestUpdate: RegistrationUpdate | null;
  /** All updates folded into one view; null on a stream of every registration. */
  readonly registration: RegistrationView | null;
  /** How often a connection has been opened so far: 2 means that it was lost once and came back. */
  readonly connections: number;
  /**
   * How often updates may have been missed, so that what is known may be old: load again what you hold. Either the
   * server said so, and `registration` is null until it tells more; or a message could not be read, which `error`
   * says, and `registration.hasGap` is true.
   */
  readonly resets: number;
  readonly error: StreamError | null;
}

export const idleSnapshot: StreamSnapshot = Object.freeze({
  connection: "idle",
  reason: "none",
  isConnected: false,
  latestUpdate: null,
  registration: null,
  connections: 0,
  resets: 0,
  error: null,
});

/** What reads the stream. EventSource sees no status, no `Retry-After` and no `retry`, and sends no headers. */
export type TransportName = "eventsource" | "fetch";

export interface RegistrationStreamOptions {
  /** Default: `/api/registrations/updates/stream`. */
  readonly url?: string | undefined;
  /** Without it, the stream carries every registration's updates. */
  readonly registrationId?: number | undefined;
  /** Called once for each update, in order; the snapshot has it already. */
  readonly onUpdate?: ((update: RegistrationUpdate) => void) | undefined;
  /** Default: `resilient`. */
  readonly policy?: RetryPolicy | undefined;
  /** Default: `eventsource`; `fetch` where an option needs it, or there is no EventSource. */
  readonly transport?: TransportName | undefined;
  /** Sent with each request, by fetch. A function is called at each attempt. */
  readonly headers?: HeadersInit | (() => HeadersInit) | undefined;
  /** What fetch does with cookies. Default: `same-origin`. */
  readonly credentials?: RequestCredentials | undefined;
  /**
   * Called at each attempt for the token that fetch sends as `Authorization: Bearer`; with true after
   * the server refused the last one: it wants a fresh one. A rejection is tried again later; null says
   * that there is none, and closes the stream.
   */
  readonly token?: ((isRefused: boolean) => Promise<string | null>) | undefined;
  /** Default: the environment's fetch. */
  readonly fetch?: FetchFunction | undefined;
  /** Default: the environment's EventSource. */
  readonly eventSource?: EventSourceConstructor | undefined;
  readonly clock?: Clock | undefined;
  /** Default: online, offline, visible and restored, of the window. */
  readonly signals?: Signals | undefined;
  /** Default: random. Two 32-bit numbers that spread reconnects between clients. */
  readonly seed?: readonly [number, number] | undefined;
  /** Default: the package's own module. */
  readonly loadCore?: (() => Promise<Core>) | undefined;
}

/** Listeners that change the stream over and over are a mistake in the page; this ends it. */
const announcementsMax = 1000;

/** How long to wait before the module is loaded again: this long, doubled with each failure. */
const loadDelayMs = 1_000;
const loadDelayMsMax = 60_000;

function report(error: unknown): void {
  if (typeof reportError === "function") {
    reportError(error);
  } else {
    queueMicrotask(() => {
      throw error;
    });
  }
}

/** Calls those that listen now, and not one that an earlier one of them has taken out. */
function callEach<Listener>(listeners: ReadonlySet<Listener>, call: (listener: Listener) => void): void {
  for (const listener of [...listeners]) {
    if (listeners.has(listener)) {
      try {
        call(listener);
      } catch (error) {
        report(error);
      }
    }
  }
}

/**
 * A stream of registration updates that comes back by itself. The core decides when to connect and
 * folds updates; this carries out what it decides, and tells the page.
 */
export class RegistrationStream {
  readonly #options: RegistrationStreamOptions;
  readonly #listeners = new Set<() => void>();
  readonly #updateListeners = new Set<(update: RegistrationUpdate) => void>();
  /** Updates that listeners have not heard yet, each with what to resume from to hear it again. */
  #pendingUpdates: { readonly update: RegistrationUpdate; readonly cursorBefore: () => string }[] = [];
  #snapshot = idleSnapshot;
  #announced = idleSnapshot;
  #delivering = false;
  #batchDepth = 0;

  #clock: Clock | null = null;
  #client: CoreClient | null = null;
  /** Counts starts and stops, so that a load that comes late knows that it is no longer wanted. */
  #run = 0;
  #loading = false;
  /** How often in a row the module could not be loaded. */
  #failedLoads = 0;
  /** The module that was used last. */
  #core: Core | null = null;
  #transport: TransportName = "eventsource";
  #closeTransport: (() => void) | null = null;
  /** The last answer; undefined where there is none yet, or the transport hides it. */
  #answer: Answer | undefined;
  #leaveSignals: (() => void) | null = null;
  #timer: { readonly due: number; readonly cancel: () => void } | null = null;

  // What outlives a client: the next one takes it over.
  #cursor = "";
  #viewJson = "";

  /** Touches nothing: no module, no network, no global. */
  constructor(options: RegistrationStreamOptions = {}) {
    this.#options = options;
    if (options.onUpdate !== undefined) {
      this.#updateListeners.add(options.onUpdate);
    }
  }

  /**
   * Starts, or starts again after `close`, a refusal or a failure; loads the module at once where that
   * waits. Otherwise does nothing.
   */
  connect(): void {
    if (this.#client === null && !this.#loading) {
      this.#batch(() => (this.#failedLoads > 0 ? this.#load() : this.#start()));
    }
  }

  /**
   * Stops: from within a listener, too, which then hears no more updates of what has arrived already. What is known
   * stays, and a later `connect` resumes after the last update that was heard.
   */
  close(): void {
    this.#batch(() => {
      this.#cursor = this.#pendingUpdates[0]?.cursorBefore() ?? this.#cursor;
      this.#pendingUpdates = [];
      const client = this.#client;
      if (client !== null) {
        client.close(this.#now());
        this.#carryOut(client);
      }
      this.#release();
      this.#change({ connection: "closed", reason: "requested", isConnected: false });
    });
  }

  /** Calls `listener` after each change of the snapshot; returns what ends that, at once. */
  subscribe(listener: () => void): () => void {
    // An own function, so that one listener given twice counts as two.
    const entry = () => listener();
    this.#listeners.add(entry);
    return () => {
      this.#listeners.delete(entry);
    };
  }

  /** Calls `listener` once for each update, in order; returns what ends that, at once. */
  subscribeToUpdates(listener: (update: RegistrationUpdate) => void): () => void {
    const entry = (update: RegistrationUpdate) => listener(update);
    this.#updateListeners.add(entry);
    return () => {
      this.#updateListeners.delete(entry);
    };
  }

  getSnapshot(): StreamSnapshot {
    return this.#snapshot;
  }

  #now(): number {
    this.#clock ??= this.#options.clock ?? createClock();
    return this.#clock.now();
  }

  #start(): void {
    const { registrationId } = this.#options;
    if (
      registrationId !== undefined &&
      !(Number.isSafeInteger(registrationId) && registrationId > 0)
    ) {
      throw new StreamError(
        "invalid_options",
        "registrationId must be a whole number from 1 to 2^53 - 1",
      );
    }
    this.#transport = transportOf(this.#options);
    this.#change({
      connection: "connecting",
      reason: "requested",
      isConnected: false,
      error: null,
    });
    this.#leaveSignals = (this.#options.signals ?? browserSignals).subscribe((signal) =>
      this.#hear(signal),
    );
    this.#load();
  }

  #load(): void {
    this.#cancelTimer();
    this.#loading = true;
    const run = ++this.#run;
    const ifWanted = (work: () => void) => {
      if (run === this.#run) {
        this.#loading = false;
        this.#batch(work);
      }
    };
    (this.#options.loadCore ?? loadCore)().then(
      (core) => ifWanted(() => this.#begin(core)),
      (cause: unknown) => ifWanted(() => this.#loadLater(cause)),
    );
  }

  /** The stream stays in `waiting` from the first failure until the module is there. */
  #loadLater(cause: unknown): void {
    const message = `regstream.wasm could not be loaded: ${String(cause)}`;
    this.#change({
      connection: "waiting",
      reason: "failed_here",
      error: new StreamError("load_failed", message, cause),
    });
    const most = Math.min(loadDelayMs * 2 ** this.#failedLoads, loadDelayMsMax);
    this.#failedLoads += 1;
    // Half of it at random, so that the pages that a deployment broke don't come back as one.
    const [random] = this.#options.seed ?? randomSeed();
    const delay = most * (0.5 + random / 2 ** 33);
    this.#setTimer(this.#now() + delay, () => this.#load());
  }

  #begin(core: Core): void {
    this.#failedLoads = 0;
    this.#core = core;
    const client = new CoreClient(core, {
      policy: this.#options.policy ?? "resilient",
      seed: this.#options.seed ?? randomSeed(),
      registrationId: this.#options.registrationId,
      needsToken: this.#options.token !== undefined,
    });
    this.#client = client;
    this.#change({ error: null });
    client.restore(this.#cursor, this.#viewJson);
    client.connect(this.#now());
  }

  #hear(signal: Signal): void {
    this.#batch(() => {
      if (this.#client !== null) {
        this.#client.signal(signal, this.#now());
      } else if (signal !== "offline" && this.#failedLoads > 0 && !this.#loading) {
        this.#load();
      }
    });
  }

  /**
   * Everything that may change something runs in a batch: at the end of the outermost one actions are
   * carried out, the timer is armed, and listeners are told once.
   */
  #batch(work: () => void): void {
    this.#batchDepth += 1;
    try {
      work();
      if (this.#client !== null) {
        this.#carryOut(this.#client);
      }
    } catch (error) {
      this.#fail(error instanceof StreamError ? error : this.#abandonCore(error));
    } finally {
      this.#batchDepth -= 1;
    }
    if (this.#batchDepth === 0) {
      this.#deliver();
    }
  }

  /** Whatever came out of the core unforeseen: no stream of this page calls that module again. */
  #abandonCore(cause: unknown): StreamError {
    this.#core?.abandon();
    return new StreamError("core_failed", `The core failed: ${String(cause)}`, cause);
  }

  /** `token` is the one that the transport to be opened needs. It is kept nowhere. */
  #carryOut(client: CoreClient, token = ""): void {
    for (let action = client.poll(); action !== null; action = client.poll()) {
      switch (action.kind) {
        case "request_token":
          this.#requestToken(client, action.attempt, action.isRefused);
          break;
        case "open":
          this.#openTransport(client, action.attempt, action.lastEventId, token);
          break;
        case "close":
          this.#dropTransport();
          break;
        case "state_changed":
          this.#enter(action.to, action.reason);
          break;
      }
      if (this.#client !== client) {
        return;
      }
    }
    this.#arm(client);
  }

  #enter(state: ConnectionState, reason: CoreReason): void {
    const isConnected = state === "open";
    this.#change({
      connection: state,
      reason,
      isConnected,
      connections: this.#snapshot.connections + (isConnected ? 1 : 0),
      error:
        state === "closed" && reason !== "requested" && reason !== "told_to_stop"
          ? this.#refusal(reason)
          : this.#snapshot.error,
    });
    if (state === "closed") {
      this.#release();
    }
  }

  #refusal(reason: CoreReason): StreamError {
    if (reason === "token_denied") {
      return new StreamError("token_denied", "The page has no token for the stream");
    }
    const { status, coding } = this.#answer ?? {};
    const seen = [
      ...(status === undefined ? [] : [`status ${status}`]),
      ...(coding === undefined ? [] : [`Content-Encoding ${coding}`]),
    ].join(", ");
    const answer = seen === "" ? "" : ` (${seen})`;
    return new StreamError("refused", `The server refused the stream for good: ${reason}${answer}`);
  }

  /** Lets in what comes for `client`, while it is the stream's. */
  #input(client: CoreClient, work: () => void): void {
    if (this.#client === client) {
      this.#batch(work);
    }
  }

  /** What a rejection says is the page's own, and may hold a secret: it goes nowhere. */
  #requestToken(client: CoreClient, attempt: number, isRefused: boolean): void {
    const ask = async () => this.#options.token?.(isRefused);
    const input = (work: () => void) => this.#input(client, work);
    ask().then(
      (token) =>
        input(() => {
          if (typeof token === "string" && token !== "") {
            client.token(attempt, this.#now());
            this.#carryOut(client, token);
          } else {
            client.tokenFailed(attempt, "for_good", this.#now());
          }
        }),
      () => input(() => client.tokenFailed(attempt, "may_pass", this.#now())),
    );
  }

  #openTransport(client: CoreClient, attempt: number, lastEventId: string, token: string): void {
    this.#dropTransport();
    this.#answer = undefined;
    const input = (work: () => void) => this.#input(client, work);
    const takeBytes = (chunk: Uint8Array) => {
      for (let begin = 0; begin < chunk.length; begin += client.bytesMax) {
        const piece = chunk.subarray(begin, begin + client.bytesMax);
        this.#take(client, client.bytes(attempt, piece, this.#now()));
      }
    };
    const events: TransportEvents = {
      responded: (answer) =>
        input(() => {
          this.#answer = answer;
          client.response(attempt, answer, this.#now());
        }),
      message: (data, id) => input(() => this.#take(client, client.event(attempt, data, id, this.#now()))),
      bytes: (chunk) => input(() => takeBytes(chunk)),
      ended: (end) => input(() => client.end(attempt, end, this.#now())),
    };
    const { url: address = defaultStreamUrl, registrationId, credentials } = this.#options;
    if (this.#transport === "eventsource") {
      const constructor = this.#options.eventSource ?? environmentEventSource();
      const url = streamUrl(address, registrationId, lastEventId);
      this.#closeTransport = open("EventSource", url, () => openEventSource(constructor, url, events));
      return;
    }
    const headers = this.#headers(token);
    // The page's function may have closed the stream.
    if (this.#client === client) {
      const inHeader = fitsHeader(lastEventId) ? lastEventId : "";
      const url = streamUrl(address, registrationId, inHeader === "" ? lastEventId : "");
      const fetch = this.#options.fetch ?? environmentFetch(url);
      const request = { headers, credentials: credentials ?? "same-origin" };
      this.#closeTransport = openFetch(fetch, url, request, inHeader, events);
    }
  }

  #headers(token: string): Headers {
    const { headers } = this.#options;
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

  #take(client: CoreClient, messages: MessageBatch | null): void {
    if (messages === null) {
      return;
    }
    const cursorAtStart = this.#cursor;
    let cursorBefore = () => cursorAtStart;
    for (let index = 0; index < messages.length; ++index) {
      switch (messages.kind(index)) {
        case "update": {
          const update = messages.update(index);
          this.#pendingUpdates.push({ update, cursorBefore });
          cursorBefore = messages.cursor(index);
          this.#change({ latestUpdate: update, error: null });
          break;
        }
        case "snapshot":
          this.#change({ error: null });
          break;
        case "reset":
          this.#change({ resets: this.#snapshot.resets + 1 });
          break;
        case "malformed":
          this.#missMessage(new StreamError("malformed_message", messages.problem(index)));
          break;
        case "too_large":
          this.#missMessage(new StreamError("message_too_large", messages.problem(index)));
          break;
      }
    }
    this.#cursor = client.cursor();
    if (messages.viewChanged) {
      this.#viewJson = client.view();
      this.#change({ registration: parseView(this.#viewJson) });
    }
  }

  /** What could not be read may have been an update. */
  #missMessage(error: StreamError): void {
    this.#change({ error, resets: this.#snapshot.resets + 1 });
  }

  #dropTransport(): void {
    this.#closeTransport?.();
    this.#closeTransport = null;
  }

  /** One timer, which never needs to be moved back: handling a deadline early does nothing. */
  #arm(client: CoreClient): void {
    const due = client.deadline();
    if (this.#timer !== null && this.#timer.due <= due) {
      return;
    }
    this.#cancelTimer();
    if (due !== Infinity) {
      this.#setTimer(due, () => client.handleDeadline(this.#now()));
    }
  }

  #setTimer(due: number, work: () => void): void {
    const delay = due - this.#now();
    const cancel = this.#clock?.setTimer(() => {
      this.#timer = null;
      this.#batch(work);
    }, delay);
    this.#timer = cancel === undefined ? null : { due, cancel };
  }

  #cancelTimer(): void {
    this.#timer?.cancel();
    this.#timer = null;
  }

  #fail(error: StreamError): void {
    this.#release();
    this.#change({ connection: "closed", reason: "failed_here", isConnected: false, error });
  }

  /** Gives back everything that a running stream holds. */
  #release(): void {
    this.#run += 1;
    this.#loading = false;
    this.#failedLoads = 0;
    this.#dropTransport();
    this.#cancelTimer();
    this.#leaveSignals?.();
    this.#leaveSignals = null;
    this.#client?.dispose();
    this.#client = null;
  }

  #change(change: Partial<StreamSnapshot>): void {
    const next: StreamSnapshot = { ...this.#snapshot, ...change };
    const before = this.#snapshot;
    const differs = (Object.keys(change) as (keyof StreamSnapshot)[]).some(
      (key) => next[key] !== before[key],
    );
    if (differs) {
      this.#snapshot = Object.freeze(next);
    }
  }

  /** A listener may call back in: what that changes is delivered by the loop that is running. */
  #deliver(): void {
    if (this.#delivering) {
      return;
    }
    this.#delivering = true;
    let announcements = 0;
    for (;;) {
      const pending = this.#pendingUpdates.shift();
      if (pending !== undefined) {
        callEach(this.#updateListeners, (listener) => listener(pending.update));
      } else if (this.#announced === this.#snapshot) {
        break;
      } else if (announcements === announcementsMax) {
        report(new Error("Listeners of a registration stream change it each time that they hear of it"));
        break;
      } else {
        announcements += 1;
        this.#announced = this.#snapshot;
        callEach(this.#listeners, (listener) => listener());
      }
    }
    this.#delivering = false;
  }
}

function randomSeed(): readonly [number, number] {
  // Node 18 has no global crypto. Spreading load needs no secret.
  if (typeof crypto === "undefined") {
    return [Math.random() * 2 ** 32, Math.random() * 2 ** 32];
  }
  const [high = 0, low = 0] = crypto.getRandomValues(new Uint32Array(2));
  return [high, low];
}

/** Which transport the options ask for, or leave. */
function transportOf(options: RegistrationStreamOptions): TransportName {
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
