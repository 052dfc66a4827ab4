import { BatchText } from "./batch_text.js";
import type { Core } from "./core.js";
import { StreamError } from "./errors.js";

/** What a stream may make the parser hold, in bytes. */
export interface EventStreamLimits {
  /** Default: 4 MiB. */
  readonly lineBytesMax?: number | undefined;
  /** All data lines of one event together. Default: 8 MiB. */
  readonly eventBytesMax?: number | undefined;
  /** Default: 4096. */
  readonly idBytesMax?: number | undefined;
}

export interface EventStreamParserOptions {
  readonly limits?: EventStreamLimits | undefined;
  /** What an earlier stream left. Default: none. */
  readonly lastEventId?: string | undefined;
}

const problems = [null, "line_too_long", "event_too_large", "id_too_long"] as const;

/** Why a parser has stopped: the stream went over a limit. */
export type EventStreamProblem = Exclude<(typeof problems)[number], null>;

const recordWords = 6;
const typeWord = 0;
const dataWord = 2;
const lastEventIdWord = 4;

/**
 * The events that a piece of a stream completed, in order, their text still in the module's memory.
 * Read it before the next call of its parser, and before any other use of the module.
 */
export class EventBatch {
  readonly length: number;
  readonly #words: Uint32Array;
  readonly #first: number;
  readonly #text: BatchText;

  constructor(core: Core, length: number) {
    const result = core.result();
    this.length = length;
    this.#words = core.words;
    this.#first = result.records >> 2;
    this.#text = new BatchText(core, result.text, result.textSize);
  }

  type(index: number): string {
    return this.#slice(index, typeWord) || "message";
  }

  data(index: number): string {
    return this.#slice(index, dataWord);
  }

  lastEventId(index: number): string {
    return this.#slice(index, lastEventIdWord);
  }

  #slice(index: number, offset: number): string {
    const at = this.#first + index * recordWords + offset;
    const size = this.#words[at + 1] ?? 0;
    return size === 0 ? "" : this.#text.slice(this.#words[at] ?? 0, size);
  }
}

/**
 * Server-sent events (WHATWG HTML, 9.2.6) from bytes, exact at every split, by the core's parser. For
 * streams that are not EventSource's: a fetch body, a socket, a file.
 */
export class EventStreamParser {
  readonly #core: Core;
  readonly #handle: number;

  /** `core` is what `loadCore()` gives. */
  constructor(core: Core, { limits = {}, lastEventId = "" }: EventStreamParserOptions = {}) {
    this.#core = core;
    const [size] = core.write(lastEventId, "");
    this.#handle = core.exports.parser_create(
      limits.lineBytesMax ?? 4 << 20,
      limits.eventBytesMax ?? 8 << 20,
      limits.idBytesMax ?? 4096,
      size,
    );
    if (this.#handle === 0) {
      throw new StreamError("core_failed", "No more than 256 parsers can be in use: dispose of some");
    }
  }

  /** Takes the next bytes, at most 4 MiB of them, and gives the events that they complete. */
  push(bytes: Uint8Array): EventBatch {
    this.#core.writeBytes(bytes);
    return new EventBatch(this.#core, this.#core.exports.parser_push(this.#handle, bytes.length));
  }

  /** The next bytes are another connection's: only the last event id and `retry` carry over. */
  reconnect(): void {
    this.#core.exports.parser_reconnect(this.#handle);
  }

  /** What a reconnect has to send as Last-Event-ID; empty: none. */
  get lastEventId(): string {
    this.#core.exports.parser_last_event_id(this.#handle);
    return this.#core.resultText();
  }

  /** The reconnection time that the stream has named, in milliseconds. */
  get retry(): number | null {
    const retry = this.#core.exports.parser_retry(this.#handle);
    return retry < 0 ? null : retry;
  }

  /** A parser with an error gives no more events until `reconnect`. */
  get error(): EventStreamProblem | null {
    return problems[this.#core.exports.parser_error(this.#handle)] ?? null;
  }

  /** Gives its memory back. */
  dispose(): void {
    if (!this.#core.isDead) {
      this.#core.exports.parser_destroy(this.#handle);
    }
  }
}
