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
 * A stream of a workflow's updates that reconnects by itself. The core decides when to connect and folds updates; this
 * class carries out its decisions and notifies the page.
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
  /** The module instance that the client lives in. */
  #core: Core | null = null;
  #client: CoreClient<W> | null = null;
  #leaveSignals: (() => void) | null = null;

  // What outlives a client and a module: the next client continues from here.
  #cursor = () => "";
  readonly #followed: Followed<W>;
  readonly #relay: StreamRelay<W> | null;

  /** Touches nothing: no module, no network, no global. Only the package itself passes a `relay`. */
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

  /** Starts, or starts again after `close`, a refusal or a failure. Loads the module at once if a retry waits. */
  connect(): void {
    if (this.#client === null && !this.#loader.isLoading) {
      this.#batch(() => (this.#loader.isWaiting ? this.#load() : this.#start()));
    }
  }

  /**
   * Stops, also from within a listener: listeners hear no more updates, not even those that have arrived. Views stay. A
   * later `connect` resumes after the last update that listeners heard.
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

  /**
   * Calls `listener` after the snapshot has changed (`frames` says when). The returned function unsubscribes, at once.
   */
  subscribe(listener: (snapshot: WorkflowSnapshot<W>) => void): () => void {
    return this.#delivery.changeListeners.add(() => listener(this.getSnapshot()));
  }

  /** Calls `listener` once for each update, in order. The returned function unsubscribes, at once. */
  subscribeToUpdates(listener: (update: UpdateOf<W>) => void): () => void {
    return this.#delivery.updateListeners.add(listener);
  }

  getSnapshot(): WorkflowSnapshot<W> {
    return this.#store.current;
  }

  /** The view of an instance that the stream follows; null before the first message about it. */
  view(id: IdOf<W>): ViewOf<W> | null {
    return this.#followed.views.get(id) ?? null;
  }

  /**
   * Resolves with the instance's last view once the instance has ended. Only with `until: "final"`. Rejects with a
   * StreamError if the stream is closed, refused for good, or fails before.
   */
  get finished(): Promise<ViewOf<W>> {
    return this.#options.until === undefined ? neverFinished() : this.#finish.promise;
  }

  /**
   * Follows other instances from now on; only for a stream that was made with `ids`. Instances that stay keep their
   * views and go on. The connection is replaced after a frame, without a loss. Throws a StreamError, and changes
   * nothing, if one stream can't name all of them.
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

  /** After a failure the stream stays in `waiting` until the module is loaded. */
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

  /**
   * Runs `work`, which may change the state. At the end of the outermost batch the core's actions are carried out and
   * listeners are notified.
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
      this.#relay?.settled(this.#followed.position(this.#cursor()));
    }
  }

  /** Runs `work`, an input of `client`; ignored if the stream has another client by now. */
  #input(client: CoreClient<W>, work: () => void): void {
    if (this.#client === client) {
      this.#batch(work);
    }
  }

  /** After an unexpected error of the core: no stream of this page calls that module instance again. */
  #abandonCore(cause: unknown): StreamError {
    this.#core?.abandon();
    return new StreamError("core_failed", `The WebAssembly module failed: ${String(cause)}`, cause);
  }

  /** `credential` is for the transport that an action opens. It is stored nowhere. */
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

  /** Settles `finished`. If the page closed the stream, `close` has done so. */
  #settle(reason: CoreReason): void {
    const { view } = this.#followed;
    if (reason === "requested") {
      return;
    }
    if ((reason === "finished" || reason === "told_to_stop") && view?.isFinal === true) {
      // A stream that connects again looks for the current outcome.
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

  /** Releases everything that a running stream holds. */
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
