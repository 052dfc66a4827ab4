import { Delivery } from "../browser/delivery.js";
import { changeOfViews, Followed } from "../browser/followed.js";
import { SnapshotStore } from "../browser/snapshot_store.js";
import type { WorkflowSnapshot } from "../browser/stream_options.js";
import { Timer } from "../browser/timer.js";
import type { UpdateSource } from "../browser/update_source.js";
import { WorkflowStream } from "../browser/workflow_stream.js";
import { StreamError } from "../core/errors.js";
import { bindMembers } from "../shared/bind_members.js";
import { createClock } from "../shared/clock.js";
import type { UpdateOf, ViewOf } from "../shared/messages.js";
import type { IdOf, Workflow } from "../workflow/workflow.js";
import { SharedTab } from "./shared_tab.js";
import { SharedViews } from "./shared_views.js";
import type { TabsStreamOptions } from "./sharing.js";
import { reasonNotToShare } from "./sharing.js";
import type { TabEnvironment } from "./tab_environment.js";
import { browserEnvironment } from "./tab_environment.js";

/** Reasons that were printed already. */
const said = new Set<string>();

function sayOnce(reason: string): void {
  if (!said.has(reason)) {
    said.add(reason);
    console.warn(`regstream: tabs do not share a stream, each has its own: ${reason}`);
  }
}

/**
 * A stream that all tabs of an origin share: one tab opens it and the others receive what it brings. If that is
 * impossible the tab opens its own stream, and the console says why.
 */
export class TabsStream<W extends Workflow> implements UpdateSource<W> {
  readonly workflow: W;
  readonly #options: TabsStreamOptions<W>;
  readonly #findEnvironment: () => TabEnvironment | string;
  readonly #store = new SnapshotStore<W>(null);
  readonly #delivery: Delivery<W>;
  readonly #views: SharedViews<W>;
  #ids: readonly IdOf<W>[];
  /** One of these two is set from the first `connect` on. */
  #tab: SharedTab<W> | null = null;
  #alone: WorkflowStream<W> | null = null;
  #isWanted = false;

  /** Touches nothing: no module, no network, no global. Tests replace the browser by `environment`. */
  constructor(workflow: W, options: TabsStreamOptions<W>, environment?: TabEnvironment) {
    this.workflow = workflow;
    this.#options = options;
    this.#findEnvironment = environment === undefined ? browserEnvironment : () => environment;
    this.#views = new SharedViews(workflow);
    this.#ids = options.id === undefined ? [...new Set(options.ids)] : [options.id];
    this.#delivery = new Delivery(this.#store, options, new Timer(() => options.clock ?? createClock()));
    bindMembers(this);
  }

  connect(): void {
    try {
      new Followed(this.workflow, { ...this.#options, ids: this.#options.ids && this.#ids }).check();
    } catch (error) {
      this.#store.change({ connection: "closed", reason: "failed_here", error: error as StreamError });
      this.#delivery.run();
      return;
    }
    this.#isWanted = true;
    this.#delivery.resume();
    if (this.#tab === null && this.#alone === null) {
      this.#begin();
    }
    this.#tab?.connect();
    this.#alone?.connect();
    this.#delivery.run();
  }

  close(): void {
    this.#isWanted = false;
    this.#delivery.pause();
    this.#alone?.close();
    this.#tab?.close();
    this.#store.change({ connection: "closed", reason: "requested", isConnected: false });
    this.#delivery.run();
  }

  subscribe(listener: (snapshot: WorkflowSnapshot<W>) => void): () => void {
    return this.#delivery.changeListeners.add(() => listener(this.getSnapshot()));
  }

  subscribeToUpdates(listener: (update: UpdateOf<W>) => void): () => void {
    return this.#delivery.updateListeners.add(listener);
  }

  getSnapshot(): WorkflowSnapshot<W> {
    return this.#store.current;
  }

  view(id: IdOf<W>): ViewOf<W> | null {
    return this.#store.current.views.get(id) ?? null;
  }

  follow(ids: readonly IdOf<W>[]): void {
    const followed = new Followed(this.workflow, this.#options);
    followed.follow(ids, null, 0);
    this.#ids = [...new Set(ids)];
    this.#alone?.follow(this.#ids);
    this.#tab?.follow(this.#ids);
    this.#delivery.run();
  }

  #begin(): void {
    const environment = this.#findEnvironment();
    const reason = typeof environment === "string" ? environment : reasonNotToShare(this.#options);
    if (reason !== null || typeof environment === "string") {
      sayOnce(String(reason));
      this.#beAlone();
    } else if (this.#options.until !== undefined) {
      // Each tab has its own stream that ends: a shared one would have ended before the next tab opens.
      this.#beAlone();
    } else {
      this.#tab = new SharedTab(this.workflow, this.#options, environment, {
        updated: (update) => {
          this.#delivery.add(update);
          this.#store.change({ latestUpdate: update });
        },
        changed: () => this.#mirror(),
        failed: (error) => {
          sayOnce(String(error));
          this.#tab?.close();
          this.#tab = null;
          this.#beAlone();
          this.#alone?.connect();
        },
      });
      this.#tab.follow(this.#ids);
    }
  }

  #beAlone(): void {
    const ids = this.#options.ids === undefined ? undefined : this.#ids;
    const alone = new WorkflowStream(this.workflow, { ...this.#options, ids, onUpdate: undefined, frames: null });
    const mirror = () => {
      this.#change(alone.getSnapshot());
    };
    alone.subscribeToUpdates((update) => {
      this.#delivery.add(update);
      mirror();
    });
    alone.subscribe(mirror);
    this.#alone = alone;
  }

  /** Copies the shared state into this page's snapshot. */
  #mirror(): void {
    const tab = this.#tab;
    if (tab === null || !this.#isWanted) {
      return;
    }
    const { connections, error: errorBefore, isConnected: wasConnected } = this.#store.current;
    const { connection, reason, isConnected, transport, error } = tab.status;
    this.#views.read(this.#ids, (id) => tab.view(id));
    const views = this.#views.current;
    const isSameError = errorBefore?.kind === error?.kind && errorBefore?.message === error?.message;
    this.#change({
      connection,
      reason,
      isConnected,
      transport,
      connections: connections + (isConnected && !wasConnected ? 1 : 0),
      resets: tab.resets,
      error: isSameError ? errorBefore : error && new StreamError(error.kind, error.message),
      views,
      view: this.#options.id === undefined ? null : (views.get(this.#options.id) ?? null),
    });
  }

  #change(change: Partial<WorkflowSnapshot<W>> & Pick<WorkflowSnapshot<W>, "views">): void {
    this.#delivery.viewsChanged(changeOfViews(this.#store.current.views, change.views));
    this.#store.change(change);
    this.#delivery.run();
  }
}
