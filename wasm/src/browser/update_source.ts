import type { UpdateOf, ViewOf } from "../shared/messages.js";
import type { IdOf, Workflow } from "../workflow/workflow.js";
import type { WorkflowSnapshot } from "./stream_options.js";

/** What a page needs of whatever brings it a workflow's updates: a stream of its own, or one that all its tabs share. */
export interface UpdateSource<W extends Workflow> {
  readonly workflow: W;
  /** Starts, or starts again after `close`, a refusal or a failure. Otherwise does nothing. */
  connect(): void;
  /** Stops. What is known stays, and a later `connect` resumes after the last update that was heard. */
  close(): void;
  /** Names other instances from now on. Throws a StreamError, and changes nothing, where one stream can't name them. */
  follow(ids: readonly IdOf<W>[]): void;
  /** Calls `listener` when the snapshot has changed, once for changes of one frame; returns what ends that, at once. */
  subscribe(listener: (snapshot: WorkflowSnapshot<W>) => void): () => void;
  /** Calls `listener` once for each update, in order; returns what ends that, at once. */
  subscribeToUpdates(listener: (update: UpdateOf<W>) => void): () => void;
  /** What is known now; the same object until something in it changes. */
  getSnapshot(): WorkflowSnapshot<W>;
  /** What is known of one instance that is followed; null before the first word of it. */
  view(id: IdOf<W>): ViewOf<W> | null;
}
