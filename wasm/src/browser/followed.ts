import type { Core } from "../core/core.js";
import type { CoreClientOptions } from "../core/core_client.js";
import { CoreClient, longestQuery } from "../core/core_client.js";
import { StreamError } from "../core/errors.js";
import type { MessageBatch } from "../core/message_batch.js";
import { ViewReader } from "../core/view_reader.js";
import { Vocabulary } from "../core/vocabulary.js";
import type { ViewOf } from "../shared/messages.js";
import { idExpectation, isId } from "../workflow/ids.js";
import type { IdOf, Workflow } from "../workflow/workflow.js";
import { idsMax } from "./stream_limits.js";
import type { WorkflowStreamOptions } from "./stream_options.js";
import { idleSnapshot } from "./stream_options.js";

function invalid(message: string): StreamError {
  return new StreamError("invalid_options", message);
}

function tooLong(): StreamError {
  return invalid("the ids of one stream may take 6 KiB in its address: open another stream for the others");
}

/**
 * Which instances a stream follows, and what is known of each. It outlives a client, and a module: the next one takes
 * it over. Of a stream of every instance there are no views.
 */
export class Followed<W extends Workflow> {
  readonly #options: WorkflowStreamOptions<W>;
  readonly #workflow: W;
  readonly #vocabulary: Vocabulary<W>;
  /** Empty: every instance. */
  #ids: readonly IdOf<W>[];
  readonly #readers = new Map<IdOf<W>, ViewReader<W>>();
  #views = idleSnapshot<W>().views;
  /** Of which ones the stream's cursor says how far they are known: not of one that was added, until it is heard of. */
  readonly #covered = new Set<IdOf<W>>();

  constructor(workflow: W, options: WorkflowStreamOptions<W>) {
    this.#workflow = workflow;
    this.#options = options;
    this.#vocabulary = new Vocabulary(workflow);
    this.#ids = options.id === undefined ? [...new Set(options.ids)] : [options.id];
  }

  /** What a first attempt asks for, as the core will say it (`StreamSession`): for who can't wait for the core. */
  get firstQuery(): string {
    const encode = (text: string) =>
      encodeURIComponent(text).replace(/[!'()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`);
    const parameters = this.#ids.map((id) => `${encode(this.#workflow.id.member)}=${encode(String(id))}`);
    return [...parameters, ...(this.#options.until === undefined ? [] : ["until=final"])].join("&");
  }

  /** By id, as far as something is known; the same object until one of them changes. */
  get views(): ReadonlyMap<IdOf<W>, ViewOf<W>> {
    return this.#views;
  }

  /** Of a stream of one instance. */
  get view(): ViewOf<W> | null {
    const { id } = this.#options;
    return id === undefined ? null : (this.#views.get(id) ?? null);
  }

  /** Throws a StreamError where the stream's options can't be. */
  check(): void {
    const { id, ids, until } = this.#options;
    if (id !== undefined && ids !== undefined) {
      throw invalid("id names one instance, ids several: give one of them");
    }
    if (until !== undefined && id === undefined) {
      throw invalid('until: "final" needs the id of the one instance that is to end');
    }
    if (id !== undefined || ids !== undefined) {
      this.#checkIds(this.#ids);
    }
  }

  #checkIds(ids: readonly IdOf<W>[]): void {
    if (ids.length === 0) {
      throw invalid("ids must name at least one instance: leave it out for all of them");
    }
    if (ids.length > idsMax) {
      throw invalid(`ids must name at most ${idsMax} instances: open another stream for the others`);
    }
    if (!ids.every((id) => isId(this.#workflow, id))) {
      throw invalid(idExpectation(this.#workflow));
    }
  }

  /**
   * A client that follows them, from `cursor` on if there is one, not yet connected. Throws a StreamError where there
   * can be none.
   */
  createClient(
    core: Core,
    cursor: string,
    options: Pick<CoreClientOptions<W>, "policy" | "seed">,
    now: number,
  ): CoreClient<W> {
    if (this.#ids.length > 0 && longestQuery(core, this.#vocabulary, this.#ids) === 0) {
      throw tooLong();
    }
    const covered = this.#ids.filter((id) => this.#covered.has(id));
    // A cursor that says nothing of any of them is of no use.
    const resumes = cursor !== "" && (this.#ids.length === 0 || covered.length > 0);
    const client = new CoreClient(core, {
      ...options,
      vocabulary: this.#vocabulary,
      ids: resumes ? covered : this.#ids,
      ends: this.#options.until === "final",
      needsToken: this.#options.token !== undefined,
      lastEventId: resumes ? cursor : "",
    });
    if (!resumes) {
      this.#ids.forEach((id) => this.#covered.add(id));
    } else if (covered.length < this.#ids.length) {
      client.follow(this.#ids, now);
    }
    for (const id of this.#ids) {
      client.restore(id, this.#readers.get(id)?.toJson() ?? "");
    }
    return client;
  }

  /**
   * Follows other ids from now on, as `client` does, if there is one. Throws a StreamError, and changes nothing, where
   * that can't be.
   */
  follow(ids: readonly IdOf<W>[], client: CoreClient<W> | null, now: number): void {
    if (this.#options.ids === undefined) {
      throw invalid("follow is for a stream that was made with ids");
    }
    const next = [...new Set(ids)];
    this.#checkIds(next);
    const before = new Set(this.#ids);
    if (next.length === before.size && next.every((id) => before.has(id))) {
      return;
    }
    if (client !== null && !client.follow(next, now)) {
      throw tooLong();
    }
    this.#ids = next;
    const followed = new Set(next);
    for (const id of before) {
      if (!followed.has(id)) {
        this.#readers.delete(id);
        this.#covered.delete(id);
      }
    }
    this.#collect();
  }

  read(messages: MessageBatch<W>): void {
    let hasChanged = false;
    messages.readViews((id) => {
      hasChanged = true;
      this.#covered.add(id);
      const reader = this.#readers.get(id) ?? new ViewReader(this.#vocabulary);
      this.#readers.set(id, reader);
      return reader;
    });
    if (hasChanged) {
      this.#collect();
    }
  }

  #collect(): void {
    const views = new Map<IdOf<W>, ViewOf<W>>();
    for (const id of this.#ids) {
      const view = this.#readers.get(id)?.view ?? null;
      if (view !== null) {
        views.set(id, view);
      }
    }
    const isSame = views.size === this.#views.size && [...views].every(([id, view]) => this.#views.get(id) === view);
    this.#views = isSame ? this.#views : views;
  }
}
