import type { Answer, ConnectionState, CoreReason, Signal } from "../core/connection.js";
import type { Core } from "../core/core.js";
import { CoreClient } from "../core/core_client.js";
import { StreamError } from "../core/errors.js";
import { loadCore } from "../core/load_core.js";
import type { MessageBatch } from "../core/message_batch.js";
import type { Clock } from "../shared/clock.js";
import { createClock } from "../shared/clock.js";
import type { RegistrationUpdate } from "../shared/messages.js";
import { parseView } from "../shared/messages.js";
import { Listeners, report } from "./listeners.js";
import { browserSignals } from "./signals.js";
import type { RegistrationStreamOptions, StreamSnapshot, TransportName } from "./stream_options.js";
import { idleSnapshot } from "./stream_options.js";
import { prepareTransport, transportOf } from "./stream_transport.js";
import type { TransportEvents } from "./transport.js";

/** Listeners that change the stream over and over are a mistake in the page; this ends it. */
const announcementsMax = 1000;

/** How long to wait before the module is loaded again: this long, doubled with each failure. */
const loadDelayMs = 1_000;
const loadDelayMsMax = 60_000;

/**
 * A stream of registration updates that comes back by itself. The core decides when to connect and
 * folds updates; this carries out what it decides, and tells the page.
 */
export class RegistrationStream {
  readonly #options: RegistrationStreamOptions;
  readonly #listeners = new Listeners<[]>();
  readonly #updateListeners = new Listeners<[update: RegistrationUpdate]>();
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
    return this.#listeners.add(listener);
  }

  /** Calls `listener` once for each update, in order; returns what ends that, at once. */
  subscribeToUpdates(listener: (update: RegistrationUpdate) => void): () => void {
    return this.#updateListeners.add(listener);
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
    const open = prepareTransport(this.#options, this.#transport, lastEventId, token);
    // The page's function that gives the headers may have closed the stream.
    if (this.#client === client) {
      this.#closeTransport = open(events);
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
        this.#updateListeners.call(pending.update);
      } else if (this.#announced === this.#snapshot) {
        break;
      } else if (announcements === announcementsMax) {
        report(new Error("Listeners of a registration stream change it each time that they hear of it"));
        break;
      } else {
        announcements += 1;
        this.#announced = this.#snapshot;
        this.#listeners.call();
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
