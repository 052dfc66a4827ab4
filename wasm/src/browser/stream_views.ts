import type { MessageBatch } from "../core/message_batch.js";
import { ViewReader } from "../core/view_reader.js";
import type { Vocabulary } from "../core/vocabulary.js";
import type { ViewOf } from "../shared/messages.js";
import type { IdOf, Workflow } from "../workflow/workflow.js";
import { idleSnapshot } from "./stream_options.js";

/** The views of the instances that a stream names. They outlive a client, and a module: the next one takes them over. */
export class StreamViews<W extends Workflow> {
  readonly #vocabulary: Vocabulary<W>;
  readonly #readers = new Map<IdOf<W>, ViewReader<W>>();
  #all: ReadonlyMap<IdOf<W>, ViewOf<W>> = idleSnapshot<W>().views;

  constructor(vocabulary: Vocabulary<W>) {
    this.#vocabulary = vocabulary;
  }

  /** By id; the same object until one of them changes. */
  get all(): ReadonlyMap<IdOf<W>, ViewOf<W>> {
    return this.#all;
  }

  read(messages: MessageBatch<W>): void {
    messages.readViews((id) => this.#readerOf(id));
    const read = [...this.#readers].filter(([id, { view }]) => view !== null && this.#all.get(id) !== view);
    if (read.length > 0) {
      this.#all = new Map([...this.#all, ...read.map(([id, { view }]) => [id, view as ViewOf<W>] as const)]);
    }
  }

  #readerOf(id: IdOf<W>): ViewReader<W> {
    const reader = this.#readers.get(id) ?? new ViewReader(this.#vocabulary);
    this.#readers.set(id, reader);
    return reader;
  }

  /** What the next client is to know of an instance; empty: nothing. */
  toJson(id: IdOf<W>): string {
    return this.#readers.get(id)?.toJson() ?? "";
  }
}
