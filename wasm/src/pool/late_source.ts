import { Listeners, report } from "../browser/listeners.js";
import type { WorkflowSnapshot } from "../browser/stream_options.js";
import { idleSnapshot } from "../browser/stream_options.js";
import type { UpdateSource } from "../browser/update_source.js";
import type { UpdateOf, ViewOf } from "../shared/messages.js";
import type { IdOf, Workflow } from "../workflow/workflow.js";

/** A source whose code is loaded only when it connects. Until then it stores what it is asked for and has no views. */
export class LateSource<W extends Workflow> implements UpdateSource<W> {
  readonly workflow: W;
  readonly #load: () => Promise<UpdateSource<W>>;
  readonly #fallBack: () => UpdateSource<W>;
  readonly #changeListeners = new Listeners<[snapshot: WorkflowSnapshot<W>]>();
  readonly #updateListeners = new Listeners<[update: UpdateOf<W>]>();
  #source: UpdateSource<W> | null = null;
  #isLoading = false;
  #isWanted = false;
  #ids: readonly IdOf<W>[] | null = null;
  #snapshot = idleSnapshot<W>();

  /** `fallBack` makes the source if `load` fails. */
  constructor(workflow: W, load: () => Promise<UpdateSource<W>>, fallBack: () => UpdateSource<W>) {
    this.workflow = workflow;
    this.#load = load;
    this.#fallBack = fallBack;
  }

  connect(): void {
    this.#isWanted = true;
    if (this.#source !== null) {
      this.#source.connect();
      return;
    }
    this.#change({ connection: "connecting", reason: "requested" });
    if (!this.#isLoading) {
      this.#isLoading = true;
      this.#load().then(
        (source) => this.#begin(source),
        (error: unknown) => {
          report(error);
          this.#begin(this.#fallBack());
        },
      );
    }
  }

  close(): void {
    this.#isWanted = false;
    this.#source?.close();
    this.#change({ connection: "closed", reason: "requested" });
  }

  /** Throws as the source does. Before the source is loaded, ids must be such that one stream can name them. */
  follow(ids: readonly IdOf<W>[]): void {
    this.#ids = ids;
    this.#source?.follow(ids);
  }

  subscribe(listener: (snapshot: WorkflowSnapshot<W>) => void): () => void {
    return this.#changeListeners.add(listener);
  }

  subscribeToUpdates(listener: (update: UpdateOf<W>) => void): () => void {
    return this.#updateListeners.add(listener);
  }

  getSnapshot(): WorkflowSnapshot<W> {
    return this.#source?.getSnapshot() ?? this.#snapshot;
  }

  view(id: IdOf<W>): ViewOf<W> | null {
    return this.#source?.view(id) ?? null;
  }

  #change(change: Pick<WorkflowSnapshot<W>, "connection" | "reason">): void {
    if (this.#source === null && this.#snapshot.connection !== change.connection) {
      this.#snapshot = Object.freeze({ ...this.#snapshot, ...change });
      this.#changeListeners.call(this.#snapshot);
    }
  }

  #begin(source: UpdateSource<W>): void {
    if (this.#ids !== null) {
      source.follow(this.#ids);
    }
    source.subscribe((snapshot) => this.#changeListeners.call(snapshot));
    source.subscribeToUpdates((update) => this.#updateListeners.call(update));
    this.#source = source;
    if (this.#isWanted) {
      source.connect();
    }
  }
}
