import type { MessageBatch } from "../core/message_batch.js";
import { ViewReader } from "../core/view_reader.js";
import type { ViewOf } from "../shared/messages.js";
import type { IdOf, Workflow } from "../workflow/workflow.js";
import { idleSnapshot } from "./stream_options.js";

/** The views of the instances that a stream names. They outlive a client, and a module: the next one takes them over. */
export class StreamViews<W extends Workflow> {
  readonly #reader = new ViewReader();
  #all: ReadonlyMap<IdOf<W>, ViewOf<W>> = idleSnapshot<W>().views;

  /** By id; the same object until one of them changes. */
  get all(): ReadonlyMap<IdOf<W>, ViewOf<W>> {
    return this.#all;
  }

  read(messages: MessageBatch, ids: readonly IdOf<W>[]): void {
    if (messages.readView(this.#reader)) {
      // The core folds by the workflow's own names.
      const view = this.#reader.view as ViewOf<W> | null;
      const [id] = ids;
      if (view !== null && id !== undefined && this.#all.get(id) !== view) {
        this.#all = new Map([[id, view]]);
      }
    }
  }

  toJson(): string {
    return this.#reader.toJson();
  }
}
