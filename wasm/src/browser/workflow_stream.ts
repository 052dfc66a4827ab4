import type { Answer, ConnectionState, CoreReason, Signal } from "../core/connection.js";
import type { Core } from "../core/core.js";
import type { CoreAction, CoreClient } from "../core/core_client.js";
import { StreamError } from "../core/errors.js";
import type { MessageBatch } from "../core/message_batch.js";
import { bindMembers } from "../shared/bind_members.js";
import { createClock } from "../shared/clock.js";
import type { UpdateOf, ViewOf } from "../shared/messages.js";
import type { IdOf, Workflow } from "../workflow/workflow.js";
import { Authorizer } from "./authorizer.js";
import { Delivery } from "./delivery.js";
import { EarlyTransport } from "./early_transport.js";
import { Finish, neverFinished } from "./finish.js";
import { Followed } from "./followed.js";
import { ModuleLoader } from "./module_loader.js";
import { refusal, unreadable } from "./refusal.js";
import { randomSeed } from "./seed.js";
import { browserSignals } from "./signals.js";
import { SnapshotStore } from "./snapshot_store.js";
import type { TransportName, WorkflowSnapshot, WorkflowStreamOptions } from "./stream_options.js";
import { prepareTransport, transportOf } from "./stream_transport.js";
import { Timer } from "./timer.js";
import { type TransportEvents, withQuery } from "./transport.js";
import type { UpdateSource } from "./update_source.js";

/**
 * A stream of a workflow's updates that comes back by itself. The core decides when to connect and
 * folds updates; this carries out what it decides, and tells the page.
 */
export class WorkflowStream<W extends Workflow> implements UpdateSource<W> {
  readonly workflow: W;
  readonly #options: WorkflowStreamOptions<W>;
  readonly #url: string;
  readonly #store = new SnapshotStore<W>();
  readonly #delivery: Delivery<W>;
  readonly #finish = new Finish<ViewOf<W>>();
  readonly #loader: ModuleLoader;
  readonly #early = new EarlyTransport();
  readonly #timer: Timer;
  readonly #authorizer: Authorizer;
  #batchDepth = 0;
  /** The module that the client is of. */
  #core: Core | null = null;
  #client: CoreClient<W> | null = null;
  #transport: TransportName = "eventsource";
  #closeTransport: (() => void) | null = null;
  /** The last answer; undefined where there is none yet, or the transport hides it. */
  #answer: Answer | undefined;
  #leaveSignals: (() => void) | null = null;

  // What outlives a client, and a module: the next one takes it over.
  #cursor = () => "";
  readonly #followed: Followed<W>;

  /** Touches nothing: no module, no network, no global. */
  constructor(workflow: W, options: WorkflowStreamOptions<W> = {}) {
    this.workflow = workflow;
    this.#options = options;
    this.#url = options.url ?? workflow.paths.stream;
    this.#followed = new Followed(workflow, options);
    this.#timer = new Timer(() => options.clock ?? createClock());
    this.#delivery = new Delivery(this.#store, options, this.#timer);
    this.#authorizer = new Authorizer(options);
    this.#loader = new ModuleLoader(options);
    bindMembers(this);
  }

  /**
   * Starts, or starts again after `close`, a refusal or a failure; loads the module at once where that
   * waits. Otherwise does nothing.
   */
  connect(): void {
    if (this.#client === null && !this.#loader.isLoading) {
      this.#batch(() => (this.#loader.isWaiting ? this.#load() : this.#start()));
    }
  }

  /**
   * Stops: from within a listener, too, which then hears no more updates of what has arrived already. What is known
   * stays, and a later `connect` resumes after the last update that was heard.
   */
  close(): void {
    this.#batch(() => {
      this.#cursor = this.#delivery.drop() ?? this.#cursor;
      const client = this.#client;
      if (client !== null) {
        client.close(this.#timer.now());
        this.#carryOut(client);
      }
      this.#release();
      this.#finish.fail(new StreamError("closed", "The stream was closed before its instance had ended"));
      this.#store.change({ connection: "closed", reason: "requested", isConnected: false });
    });
  }

  /** Calls `listener` when the snapshot has changed (`frames` says when); returns what ends that, at once. */
  subscribe(listener: (snapshot: WorkflowSnapshot<W>) => void): () => void {
    return this.#delivery.changeListeners.add(() => listener(this.getSnapshot()));
  }

  /** Calls `listener` once for each update, in order; returns what ends that, at once. */
  subscribeToUpdates(listener: (update: UpdateOf<W>) => void): () => void {
    return this.#delivery.updateListeners.add(listener);
  }

  getSnapshot(): WorkflowSnapshot<W> {
    return this.#store.current;
  }

  /** What is known of one instance that the stream names; null before the first word of it. */
  view(id: IdOf<W>): ViewOf<W> | null {
    return this.#followed.views.get(id) ?? null;
  }

  /**
   * The last view of the instance, once that has ended: of a stream with `until: "final"`. Rejects with a StreamError
   * where the stream is closed, refused for good, or fails before.
   */
  get finished(): Promise<ViewOf<W>> {
    return this.#options.until === undefined ? neverFinished() : this.#finish.promise;
  }

  /**
   * Names other instances from now on, of a stream that was made with `ids`. What is known of those that it named
   * before stays, and their updates go on; the connection is replaced after a frame, which is no loss. Throws a
   * StreamError, and changes nothing, where one stream can't name them.
   */
  follow(ids: readonly IdOf<W>[]): void {
    let refused: StreamError | null = null;
    this.#batch(() => {
      try {
        this.#followed.follow(ids, this.#client, this.#timer.now());
      } catch (error) {
        if (!(error instanceof StreamError)) {
          throw error;
        }
        refused = error;
      }
      this.#store.change({ views: this.#followed.views });
    });
    if (refused !== null) {
      throw refused;
    }
  }

  #start(): void {
    this.#finish.begin();
    this.#followed.check();
    this.#transport = transportOf(this.#options);
    this.#store.change({ connection: "connecting", reason: "requested", isConnected: false, error: null });
    this.#leaveSignals = (this.#options.signals ?? browserSignals).subscribe((signal) => this.#hear(signal));
    this.#load();
    this.#early.open(this.#options, this.#transport, withQuery(this.#url, this.#followed.firstQuery), this.#cursor());
  }

  /** The stream stays in `waiting` from the first failure until the module is there. */
  #load(): void {
    this.#timer.cancel();
    this.#loader.load({
      loaded: (core) => this.#batch(() => this.#begin(core)),
      failed: (error, retryAfterMs) =>
        this.#batch(() => {
          this.#early.close();
          this.#store.change({ connection: "waiting", reason: "failed_here", error });
          this.#arm(this.#timer.now() + retryAfterMs, () => this.#load());
        }),
    });
  }

  #begin(core: Core): void {
    this.#core = core;
    const now = this.#timer.now();
    const { policy = "resilient", seed = randomSeed() } = this.#options;
    this.#client = this.#followed.createClient(core, this.#cursor(), { policy, seed }, now);
    this.#store.change({ error: null });
    this.#client.connect(now);
  }

  #hear(signal: Signal): void {
    this.#batch(() => {
      if (this.#client !== null) {
        this.#client.signal(signal, this.#timer.now());
      } else if (signal !== "offline" && this.#loader.isWaiting) {
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
      this.#delivery.run();
    }
  }

  /** Lets in what comes for `client`, while it is the stream's. */
  #input(client: CoreClient<W>, work: () => void): void {
    if (this.#client === client) {
      this.#batch(work);
    }
  }

  /** Whatever came out of the core unforeseen: no stream of this page calls that module again. */
  #abandonCore(cause: unknown): StreamError {
    this.#core?.abandon();
    return new StreamError("core_failed", `The core failed: ${String(cause)}`, cause);
  }

  /** `credential` is the one that the transport to be opened needs. It is kept nowhere. */
  #carryOut(client: CoreClient<W>, credential = ""): void {
    for (let action = client.poll(); action !== null; action = client.poll()) {
      switch (action.kind) {
        case "request_token":
          this.#authorize(client, action.attempt, action.isRefused);
          break;
        case "open":
          this.#openTransport(client, action, credential);
          break;
        case "close":
          this.#dropTransport();
          break;
        case "state_changed":
          this.#enter(action.to, action.reason, action.isConnected);
          break;
      }
      if (this.#client !== client) {
        return;
      }
    }
    this.#arm(client.deadline(), () => client.handleDeadline(this.#timer.now()));
  }

  #enter(state: ConnectionState, reason: CoreReason, isConnected: boolean): void {
    const before = this.#store.current;
    if (state !== "authorizing") {
      this.#authorizer.stop();
    }
    const isClosed = state === "closed";
    const isRefused = isClosed && reason !== "requested" && reason !== "told_to_stop" && reason !== "finished";
    this.#store.change({
      connection: state,
      reason,
      isConnected,
      connections: before.connections + (isConnected && !before.isConnected ? 1 : 0),
      error: isRefused ? refusal(reason, this.#answer) : before.error,
    });
    if (isClosed) {
      this.#settle(reason);
      this.#release();
    }
  }

  /** Keeps the promise of a stream that ends by itself, or breaks it; the page's own `close` does so itself. */
  #settle(reason: CoreReason): void {
    const { view } = this.#followed;
    if (reason === "requested") {
      return;
    }
    if ((reason === "finished" || reason === "told_to_stop") && view?.isFinal === true) {
      // Connected again, it looks for the outcome as it is by then.
      this.#cursor = () => "";
      this.#finish.succeed(view);
    } else {
      this.#finish.fail(this.#store.current.error ?? refusal(reason, this.#answer));
    }
  }

  #authorize(client: CoreClient<W>, attempt: number, isRefused: boolean): void {
    this.#answer = undefined;
    void this.#authorizer.ask(this.#transport, this.#url, isRefused).then((outcome) =>
      this.#input(client, () => {
        const now = this.#timer.now();
        if ("credential" in outcome) {
          client.token(attempt, now);
          this.#carryOut(client, outcome.credential);
        } else if ("failure" in outcome) {
          client.tokenFailed(attempt, outcome.failure, now);
        } else if ("answer" in outcome) {
          this.#answer = outcome.answer;
          client.response(attempt, outcome.answer, now);
        } else {
          throw outcome.error;
        }
      }),
    );
  }

  #openTransport(
    client: CoreClient<W>,
    { attempt, lastEventId, query }: Extract<CoreAction, { readonly kind: "open" }>,
    credential: string,
  ): void {
    this.#dropTransport();
    this.#answer = undefined;
    const input = (work: () => void) => this.#input(client, work);
    const readBytes = (chunk: Uint8Array) => {
      for (let begin = 0; begin < chunk.length; begin += client.bytesMax) {
        const piece = chunk.subarray(begin, begin + client.bytesMax);
        this.#read(client.bytes(attempt, piece, this.#timer.now()));
      }
    };
    const events: TransportEvents = {
      responded: (answer) =>
        input(() => {
          this.#answer = answer;
          client.response(attempt, answer, this.#timer.now());
        }),
      message: (data, id) => input(() => this.#read(client.event(attempt, data, id, this.#timer.now()))),
      bytes: (chunk) => input(() => readBytes(chunk)),
      ended: (end) => input(() => client.end(attempt, end, this.#timer.now())),
    };
    const url = withQuery(this.#url, query);
    const open =
      this.#early.take(this.#transport, url, lastEventId) ??
      prepareTransport(this.#options, this.#transport, url, lastEventId, credential);
    // The page's function that gives the headers may have closed the stream, as may its fetch or EventSource.
    if (this.#client !== client) {
      return;
    }
    const closeTransport = open(events);
    if (this.#client === client) {
      this.#closeTransport = closeTransport;
    } else {
      closeTransport();
    }
  }

  #read(messages: MessageBatch<W> | null): void {
    if (messages === null) {
      return;
    }
    this.#followed.read(messages);
    for (let index = 0; index < messages.length; ++index) {
      const kind = messages.kind(index);
      switch (kind) {
        case "update": {
          const update = messages.update(index);
          this.#delivery.add(update, this.#cursor);
          this.#cursor = messages.cursor(index);
          this.#store.change({ latestUpdate: update, error: null });
          break;
        }
        case "snapshot":
          this.#store.change({ error: null });
          break;
        case "malformed":
        case "too_large":
          this.#store.change({ error: unreadable(kind, messages.message(index)) });
          break;
      }
    }
    this.#cursor = messages.cursorAtEnd();
    const resets = this.#store.fields.resets + messages.resets;
    this.#store.change({ view: this.#followed.view, views: this.#followed.views, resets });
  }

  #arm(due: number, work: () => void): void {
    this.#timer.arm(due, () => this.#batch(work));
  }

  #dropTransport(): void {
    this.#closeTransport?.();
    this.#closeTransport = null;
  }

  #fail(error: StreamError): void {
    this.#finish.fail(error);
    this.#release();
    this.#store.change({ connection: "closed", reason: "failed_here", isConnected: false, error });
  }

  /** Gives back everything that a running stream holds. */
  #release(): void {
    this.#loader.stop();
    this.#early.close();
    this.#authorizer.stop();
    this.#dropTransport();
    this.#timer.cancel();
    this.#leaveSignals?.();
    this.#leaveSignals = null;
    this.#client?.dispose();
    this.#client = null;
    this.#core = null;
  }
}
