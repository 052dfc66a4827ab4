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
import type { StreamPosition } from "./stream_relay.js";

function invalid(message: string): StreamError {
  return new StreamError("invalid_options", message);
}

function tooLong(): StreamError {
  return invalid("the ids of one stream may take 6 KiB in its address: open another stream for the others");
}

/** What a batch of messages did to views: nothing, a change, or an instance has ended. */
export type ViewsChange = "none" | "some" | "ended";

/** Compares the views with those of `before`. */
export function changeOfViews<Id>(before: ReadonlyMap<Id, ViewOf<Workflow>>, now: typeof before): ViewsChange {
  const hasEnded = [...now].some(([id, view]) => view.isFinal && before.get(id)?.isFinal !== true);
  return now === before ? "none" : hasEnded ? "ended" : "some";
}

/**
 * The instances that a stream follows, and their views. Outlives a client and a module: the next client continues from
 * it. A stream of every instance has no views.
 */
export class Followed<W extends Workflow> {
  readonly #options: WorkflowStreamOptions<W>;
  readonly #workflow: W;
  readonly #vocabulary: Vocabulary<W>;
  /** Empty: every instance. */
  #ids: readonly IdOf<W>[];
  readonly #readers = new Map<IdOf<W>, ViewReader<W>>();
  #views = idleSnapshot<W>().views;
  #haveViewsChanged = false;
  /**
   * The instances whose updates up to the cursor have been received. A new one is not among them until its first
   * message.
   */
  readonly #covered = new Set<IdOf<W>>();
  /** Views of an earlier stream, as texts, until they change. */
  readonly #left = new Map<IdOf<W>, string>();

  constructor(workflow: W, options: WorkflowStreamOptions<W>, start: StreamPosition<W> | null = null) {
    this.#workflow = workflow;
    this.#options = options;
    this.#vocabulary = new Vocabulary(workflow);
    this.#ids = options.id === undefined ? [...new Set(options.ids)] : [options.id];
    if (start !== null) {
      for (const id of this.#ids.filter((id) => start.isCovered(id))) {
        this.#covered.add(id);
        this.#left.set(id, start.viewText(id));
      }
    }
  }

  /**
   * The query of a first attempt, exactly as the core will make it (`StreamSession`). For a request that can't wait for
   * the core.
   */
  get firstQuery(): string {
    const encode = (text: string) =>
      encodeURIComponent(text).replace(/[!'()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`);
    const parameters = this.#ids.map((id) => `${encode(this.#workflow.id.member)}=${encode(String(id))}`);
    return [...parameters, ...(this.#options.until === undefined ? [] : ["until=final"])].join("&");
  }

  /** Views by id; the same object until one of them changes. Made when they are read. */
  get views(): ReadonlyMap<IdOf<W>, ViewOf<W>> {
    if (this.#haveViewsChanged) {
      this.#haveViewsChanged = false;
      this.#collect();
    }
    return this.#views;
  }

  /** The view of a stream of one instance. */
  get view(): ViewOf<W> | null {
    const { id } = this.#options;
    return id === undefined ? null : (this.views.get(id) ?? null);
  }

  /** The position that another stream can continue from. */
  position(cursor: string): StreamPosition<W> {
    return { cursor, isCovered: (id) => this.#covered.has(id), viewText: (id) => this.#viewText(id) };
  }

  /** A view in the form that the next client restores. Empty: no view yet. */
  #viewText(id: IdOf<W>): string {
    return this.#readers.get(id)?.toJson() ?? this.#left.get(id) ?? "";
  }

  /** Throws a StreamError if the options contradict each other or can't be met. */
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
   * Creates a client that follows the instances, from `cursor` on if there is one; not connected yet. Throws a
   * StreamError if one stream can't name all of them.
   */
  createClient(
    core: Core,
    cursor: string,
    options: Pick<CoreClientOptions<W>, "policy" | "seed" | "canSee" | "canPoll">,
    now: number,
  ): CoreClient<W> {
    if (this.#ids.length > 0 && longestQuery(core, this.#vocabulary, this.#ids) === 0) {
      throw tooLong();
    }
    const covered = this.#ids.filter((id) => this.#covered.has(id));
    // A cursor that covers none of them is useless.
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
      client.restore(id, this.#viewText(id));
    }
    return client;
  }

  /**
   * Follows other ids from now on, and lets `client` do so, too. Throws a StreamError, and changes nothing, if that is
   * impossible.
   */
  follow(ids: readonly IdOf<W>[], client: CoreClient<W> | null, now: number): void {
    if (this.#options.ids === undefined) {
      throw invalid("follow needs a stream that was made with ids");
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
        this.#left.delete(id);
      }
    }
    this.#haveViewsChanged = true;
  }

  /** Reads the views that have changed. */
  read(messages: MessageBatch<W>): ViewsChange {
    const before = new Map<ViewReader<W>, boolean>();
    messages.readViews((id) => {
      this.#covered.add(id);
      const reader = this.#readers.get(id) ?? new ViewReader(this.#vocabulary);
      this.#readers.set(id, reader);
      before.set(reader, reader.isFinal);
      return reader;
    });
    if (before.size === 0) {
      return "none";
    }
    this.#haveViewsChanged = true;
    return [...before].some(([reader, wasFinal]) => reader.isFinal && !wasFinal) ? "ended" : "some";
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
