import type { ConnectionState, CoreReason, Signal } from "../core/connection.js";
import type { Core } from "../core/core.js";
import type { CoreClient } from "../core/core_client.js";
import { StreamError } from "../core/errors.js";
import type { MessageBatch } from "../core/message_batch.js";
import { bindMembers } from "../shared/bind_members.js";
import { createClock } from "../shared/clock.js";
import type { UpdateOf, ViewOf } from "../shared/messages.js";
import type { IdOf, Workflow } from "../workflow/workflow.js";
import { Attempts } from "./attempts.js";
import { Authorizer } from "./authorizer.js";
import { Delivery } from "./delivery.js";
import { Finish, neverFinished } from "./finish.js";
import { Followed } from "./followed.js";
import { ModuleLoader } from "./module_loader.js";
import { refusal, unreadable } from "./refusal.js";
import { randomSeed } from "./seed.js";
import { browserSignals } from "./signals.js";
import { SnapshotStore } from "./snapshot_store.js";
import type { WorkflowSnapshot, WorkflowStreamOptions } from "./stream_options.js";
import type { StreamRelay } from "./stream_relay.js";
import { Timer } from "./timer.js";
import type { UpdateSource } from "./update_source.js";

/**
 * A stream of a workflow's updates that comes back by itself. The core decides when to connect and
 * folds updates; this carries out what it decides, and tells the page.
 */
export class WorkflowStream<W extends Workflow> implements UpdateSource<W> {
  readonly workflow: W;
  readonly #options: WorkflowStreamOptions<W>;
  readonly #url: string;
  readonly #store = new SnapshotStore<W>(() => this.#followed);
  readonly #delivery: Delivery<W>;
  readonly #finish = new Finish<ViewOf<W>>();
  readonly #loader: ModuleLoader;
  readonly #timer: Timer;
  readonly #authorizer: Authorizer;
  readonly #attempts: Attempts<W>;
  #batchDepth = 0;
  /** The module that the client is of. */
  #core: Core | null = null;
  #client: CoreClient<W> | null = null;
  #leaveSignals: (() => void) | null = null;

  // What outlives a client, and a module: the next one takes it over.
  #cursor = () => "";
  readonly #followed: Followed<W>;
  readonly #relay: StreamRelay<W> | null;

  /** Touches nothing: no module, no network, no global. `relay` is for the package itself. */
  constructor(workflow: W, options: WorkflowStreamOptions<W> = {}, relay: StreamRelay<W> | null = null) {
    this.workflow = workflow;
    this.#options = options;
    this.#url = options.url ?? workflow.paths.stream;
    this.#relay = relay;
    this.#cursor = () => relay?.start.cursor ?? "";
    this.#followed = new Followed(workflow, options, relay?.start);
    this.#timer = new Timer(() => options.clock ?? createClock());
    this.#delivery = new Delivery(this.#store, options, this.#timer);
    this.#authorizer = new Authorizer(options);
    this.#attempts = new Attempts(options, this.#url, {
      now: () => this.#timer.now(),
      isCurrent: (client) => this.#client === client,
      input: (client, work) => this.#input(client, work),
      read: (messages) => this.#read(messages),
    });
    this.#loader = new ModuleLoader(options);
    bindMembers(this);
  }

  /** Starts, or starts again after `close`, a refusal or a failure; loads the module at once where that waits. */
  connect(): void {
    if (this.#client === null && !this.#loader.isLoading) {
      this.#batch(() => (this.#loader.isWaiting ? this.#load() : this.#start()));
    }
  }

  /**
   * Stops: from within a listener, too, which then hears no more updates of what has arrived already. What is known
   * stays, and a later `connect` resumes after the last update that was heard: first with those.
   */
  close(): void {
    this.#batch(() => {
      this.#delivery.pause();
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
      this.#store.viewsMayHaveChanged();
    });
    if (refused !== null) {
      throw refused;
    }
  }

  #start(): void {
    this.#delivery.resume();
    this.#finish.begin();
    this.#followed.check();
    this.#attempts.begin();
    this.#store.change({ connection: "connecting", reason: "requested", isConnected: false, error: null });
    this.#leaveSignals = (this.#options.signals ?? browserSignals).subscribe((signal) => this.#onSignal(signal));
    this.#load();
    this.#attempts.openEarly(() => this.#followed.firstQuery, this.#cursor());
  }

  /** The stream stays in `waiting` from the first failure until the module is there. */
  #load(): void {
    this.#timer.cancel();
    this.#loader.load({
      loaded: (core) => this.#batch(() => this.#begin(core)),
      failed: (error, retryAfterMs) =>
        this.#batch(() => {
          this.#attempts.closeEarly();
          this.#store.change({ connection: "waiting", reason: "failed_here", error });
          this.#arm(this.#timer.now() + retryAfterMs, () => this.#load());
        }),
    });
  }

  #begin(core: Core): void {
    this.#core = core;
    const now = this.#timer.now();
    const { policy = "resilient", seed = randomSeed() } = this.#options;
    this.#client = this.#followed.createClient(core, this.#cursor(), { policy, seed, ...this.#attempts.traits }, now);
    this.#store.change({ error: null });
    this.#client.connect(now);
  }

  #onSignal(signal: Signal): void {
    this.#batch(() => {
      if (this.#client !== null) {
        this.#client.signal(signal, this.#timer.now());
      } else if (signal !== "offline" && this.#loader.isWaiting) {
        this.#load();
      }
    });
  }

  /** What may change something: at the end of the outermost one actions are carried out, and listeners are told. */
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
      this.#relay?.settled(this.#followed.position(this.#cursor()));
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
          this.#store.change({ transport: this.#attempts.open(client, action, credential) });
          break;
        case "close":
          this.#attempts.close();
          break;
        case "open_probe":
          this.#attempts.openProbe(client, action);
          break;
        case "close_probe":
          this.#attempts.closeProbe();
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
    const before = this.#store.fields;
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
      error: isRefused ? refusal(reason, this.#attempts.answer) : before.error,
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
      this.#finish.fail(this.#store.fields.error ?? refusal(reason, this.#attempts.answer));
    }
  }

  #authorize(client: CoreClient<W>, attempt: number, isRefused: boolean): void {
    this.#attempts.answer = undefined;
    void this.#authorizer.ask(this.#attempts.preferred, this.#url, isRefused).then((outcome) =>
      this.#input(client, () => {
        const now = this.#timer.now();
        if ("credential" in outcome) {
          client.token(attempt, now);
          this.#carryOut(client, outcome.credential);
        } else if ("failure" in outcome) {
          client.tokenFailed(attempt, outcome.failure, now);
        } else if ("answer" in outcome) {
          this.#attempts.answer = outcome.answer;
          client.response(attempt, outcome.answer, now);
        } else {
          throw outcome.error;
        }
      }),
    );
  }

  #read(messages: MessageBatch<W> | null): void {
    if (messages === null) {
      return;
    }
    this.#delivery.viewsChanged(this.#followed.read(messages));
    for (let index = 0; index < messages.length; ++index) {
      const kind = messages.kind(index);
      switch (kind) {
        case "update": {
          const update = messages.update(index);
          this.#delivery.add(update);
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
    this.#store.change({ resets: this.#store.fields.resets + messages.resets });
  }

  #arm(due: number, work: () => void): void {
    this.#timer.arm(due, () => this.#batch(work));
  }

  #fail(error: StreamError): void {
    this.#finish.fail(error);
    this.#release();
    this.#store.change({ connection: "closed", reason: "failed_here", isConnected: false, error });
  }

  /** Gives back everything that a running stream holds. */
  #release(): void {
    this.#loader.stop();
    this.#authorizer.stop();
    this.#attempts.release();
    this.#timer.cancel();
    this.#leaveSignals?.();
    this.#leaveSignals = null;
    this.#client?.dispose();
    this.#client = null;
    this.#core = null;
  }
}
