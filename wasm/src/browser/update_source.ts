import type { UpdateOf, ViewOf } from "../shared/messages.js";
import type { IdOf, Workflow } from "../workflow/workflow.js";
import type { WorkflowSnapshot } from "./stream_options.js";

/** What a page needs from its source of updates: a stream of its own, or one that all its tabs share. */
export interface UpdateSource<W extends Workflow> {
  readonly workflow: W;
  /** Starts, or starts again after `close`, a refusal or a failure. Otherwise does nothing. */
  connect(): void;
  /** Stops. Views stay, and a later `connect` resumes after the last update that listeners heard. */
  close(): void;
  /**
   * Follows other instances from now on. Throws a StreamError, and changes nothing, if one stream can't name all of
   * them.
   */
  follow(ids: readonly IdOf<W>[]): void;
  /**
   * Calls `listener` after the snapshot has changed, once for all changes of a frame. The returned function
   * unsubscribes.
   */
  subscribe(listener: (snapshot: WorkflowSnapshot<W>) => void): () => void;
  /** Calls `listener` once for each update, in order. The returned function unsubscribes, at once. */
  subscribeToUpdates(listener: (update: UpdateOf<W>) => void): () => void;
  /** The current state; the same object until something in it changes. */
  getSnapshot(): WorkflowSnapshot<W>;
  /** The view of an instance that is followed; null before the first message about it. */
  view(id: IdOf<W>): ViewOf<W> | null;
}
