/** One stream's machines in the core, by their handle. */

import type {
  Answer,
  ConnectionState,
  CoreReason,
  RetryPolicy,
  Signal,
  TokenFailure,
  TransportEnd,
  TransportKind,
} from "./connection.js";
import {
  connectionStates,
  coreReasons,
  policies,
  signals,
  tokenFailures,
  transportEnds,
  transportKinds,
} from "./connection.js";
import type { Core } from "./core.js";
import { StreamError } from "./errors.js";
import { MessageBatch } from "./message_batch.js";
import type { IdOf, Workflow } from "../workflow/workflow.js";
import type { Vocabulary } from "./vocabulary.js";
import { idsText } from "./vocabulary.js";

/** What the connection machine asks for. */
export type CoreAction =
  | { readonly kind: "request_token"; readonly attempt: number; readonly isRefused: boolean }
  | {
      readonly kind: "open";
      readonly attempt: number;
      readonly lastEventId: string;
      /** The request's query, percent-encoded and without `?`. Empty: every instance. */
      readonly query: string;
      readonly transport: TransportKind;
    }
  | { readonly kind: "close" }
  /** One poll without a cursor, beside the attempt's transport. Pass its bytes to `probeBytes`. */
  | { readonly kind: "open_probe"; readonly attempt: number; readonly query: string }
  | { readonly kind: "close_probe" }
  | {
      readonly kind: "state_changed";
      readonly to: ConnectionState;
      readonly reason: CoreReason;
      /** Stays true while an open stream is replaced by one with other ids. */
      readonly isConnected: boolean;
    };

/** The name of an ABI number. A number out of range means that the module is broken. */
function named<T>(names: readonly T[], index: number): T {
  const name = names[index];
  if (name === undefined) {
    throw new Error(`The core gave ${index}, which has no name here`);
  }
  return name;
}

export interface CoreClientOptions<W extends Workflow> {
  readonly vocabulary: Vocabulary<W>;
  readonly policy: RetryPolicy;
  /** Spreads the delays of clients. */
  readonly seed: readonly [number, number];
  /** The instances to follow; empty: every instance. */
  readonly ids: readonly IdOf<W>[];
  /** Whether the stream ends with the final update of its one instance (`until=final`). */
  readonly ends?: boolean;
  /** Whether each attempt asks for a token first. */
  readonly needsToken: boolean;
  /** Whether the page has a transport that sees the answers, beside a preferred one that hides them. */
  readonly canSee?: boolean;
  readonly canPoll?: boolean;
  /** The cursor of an earlier client of the same stream, which must cover all `ids`. Empty: none. */
  readonly lastEventId?: string;
}

/**
 * The size in bytes of the longest query of one stream that follows `ids`. 0: one stream can't follow them, since they
 * are too many, too long or invalid.
 */
export function longestQuery<W extends Workflow>(
  core: Core,
  vocabulary: Vocabulary<W>,
  ids: readonly IdOf<W>[],
): number {
  const workflow = core.workflow(vocabulary.text);
  const [size] = core.write(idsText(ids), "");
  return core.exports.query_size(workflow, 0, size);
}

/** The machines of one stream. Call `dispose`: the module can't know who still uses them. */
export class CoreClient<W extends Workflow> {
  readonly #core: Core;
  readonly #vocabulary: Vocabulary<W>;
  readonly #handle: number;

  constructor(core: Core, options: CoreClientOptions<W>) {
    this.#core = core;
    this.#vocabulary = options.vocabulary;
    const workflow = core.workflow(options.vocabulary.text);
    const [idsSize, lastEventIdSize] = core.write(idsText(options.ids), options.lastEventId ?? "");
    this.#handle = core.exports.client_create(
      workflow,
      policies.indexOf(options.policy),
      options.seed[0],
      options.seed[1],
      (options.needsToken ? 1 : 0) + (options.canSee === true ? 2 : 0) + (options.canPoll === true ? 4 : 0),
      options.ends === true ? 1 : 0,
      idsSize,
      lastEventIdSize,
    );
    if (this.#handle === 0) {
      throw new StreamError("core_failed", "No more than 256 streams can be open in one page: close some");
    }
  }

  dispose(): void {
    if (!this.#core.isDead) {
      this.#core.exports.client_destroy(this.#handle);
    }
  }

  /** Restores a view of an earlier client (`ViewReader.toJson`), before `connect`. Empty: none. */
  restore(id: IdOf<W>, viewJson: string): void {
    if (viewJson !== "") {
      const [idSize, viewSize] = this.#core.write(idsText([id]), viewJson);
      this.#core.exports.client_restore(this.#handle, idSize, viewSize);
    }
  }

  /**
   * Replaces the ids without losing the connection. Before `connect`, it adds the ids that are newer than the cursor.
   * False: one stream can't follow them (`longestQuery`).
   */
  follow(ids: readonly IdOf<W>[], now: number): boolean {
    const [size] = this.#core.write(idsText(ids), "");
    return this.#core.exports.client_follow(this.#handle, size, now) === 1;
  }

  connect(now: number): void {
    this.#core.exports.client_connect(this.#handle, now);
  }

  close(now: number): void {
    this.#core.exports.client_close(this.#handle, now);
  }

  signal(signal: Signal, now: number): void {
    this.#core.exports.client_signal(this.#handle, signals.indexOf(signal), now);
  }

  /** Reports that `attempt` has its token. The core does not need the token itself. */
  token(attempt: number, now: number): void {
    this.#core.exports.client_token(this.#handle, attempt, now);
  }

  tokenFailed(attempt: number, failure: TokenFailure, now: number): void {
    const number = tokenFailures.indexOf(failure);
    this.#core.exports.client_token_failed(this.#handle, attempt, number, now);
  }

  response(attempt: number, answer: Answer, now: number): void {
    this.#core.exports.client_response(
      this.#handle,
      attempt,
      answer.status,
      answer.isEventStream ? 1 : 0,
      answer.coding === undefined ? 0 : 1,
      answer.retryAfterMs ?? -1,
      now,
    );
  }

  /**
   * Passes one event of an EventSource. `lastEventId` is undefined if this event did not change it. Null: the event
   * does not belong to the open stream.
   */
  event(attempt: number, data: string, lastEventId: string | undefined, now: number): MessageBatch<W> | null {
    const [idSize, dataSize] = this.#core.write(lastEventId ?? "", data);
    const length = this.#core.exports.client_event(
      this.#handle,
      attempt,
      lastEventId === undefined ? -1 : idSize,
      dataSize,
      now,
    );
    return length < 0 ? null : new MessageBatch(this.#core, this.#vocabulary, length);
  }

  /** Passes bytes of the stream, at most `bytesMax`. Null: they do not belong to the open stream. */
  bytes(attempt: number, bytes: Uint8Array, now: number): MessageBatch<W> | null {
    this.#core.writeBytes(bytes);
    const length = this.#core.exports.client_bytes(this.#handle, attempt, bytes.length, now);
    return length < 0 ? null : new MessageBatch(this.#core, this.#vocabulary, length);
  }

  /** Passes bytes of the probe, at most `bytesMax`. True: the probe is done. */
  probeBytes(attempt: number, bytes: Uint8Array, now: number): boolean {
    this.#core.writeBytes(bytes);
    return this.#core.exports.client_probe_bytes(this.#handle, attempt, bytes.length, now) === 1;
  }

  /** The most bytes that `bytes` accepts. */
  get bytesMax(): number {
    return this.#core.bytesLimit;
  }

  end(attempt: number, end: TransportEnd, now: number): void {
    this.#core.exports.client_end(this.#handle, attempt, transportEnds.indexOf(end), now);
  }

  /** When to call `handleDeadline`; Infinity: not for now. */
  deadline(): number {
    return this.#core.exports.client_deadline(this.#handle);
  }

  handleDeadline(now: number): void {
    this.#core.exports.client_handle_deadline(this.#handle, now);
  }

  /** The next action to carry out. Poll after every input until it returns null. */
  poll(): CoreAction | null {
    const kind = this.#core.exports.client_poll(this.#handle);
    if (kind === 0) {
      return null;
    }
    const attempt = this.#core.result("attempt");
    switch (kind) {
      case 1:
        return {
          kind: "open",
          attempt,
          lastEventId: this.#core.resultText(),
          query: this.#query(),
          transport: named(transportKinds, this.#core.result("to")),
        };
      case 2:
        return { kind: "close" };
      case 3:
        return {
          kind: "state_changed",
          to: named(connectionStates, this.#core.result("to")),
          reason: named(coreReasons, this.#core.result("reason")),
          isConnected: this.#core.result("isConnected") === 1,
        };
      case 4:
      case 5:
        return { kind: "request_token", attempt, isRefused: kind === 5 };
      case 6:
        return { kind: "open_probe", attempt, query: this.#query() };
      case 7:
        return { kind: "close_probe" };
      default:
        throw new Error(`The core gave action ${kind}, which has no name here`);
    }
  }

  #query(): string {
    return this.#core.text(this.#core.result("query"), this.#core.result("querySize"));
  }
}
