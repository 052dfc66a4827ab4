import type { Core } from "./core.js";
import { StreamError } from "./errors.js";
import { BatchText, Records } from "./records.js";

/** What a stream may make the parser hold, in bytes. An event over a limit is skipped: see `EventBatch.skipped`. */
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

// These stand for numbers of the ABI, in its order.
const skipReasons = ["line_too_long", "event_too_large", "id_too_long"] as const;

/** Which limit an event is over. */
export type SkipReason = (typeof skipReasons)[number];

/** An event over a limit: the stream goes on without it. */
export interface SkippedEvent {
  /** The index in its batch of the event that came next. */
  readonly before: number;
  readonly reason: SkipReason;
  /** The size of its data as it was sent, with a line feed for each line. */
  readonly bytes: number;
  /** With the event's own id, if it had one within the limit. */
  readonly lastEventId: string;
}

// An event record's fields,
const recordBytes = 24;
const typeAt = 0;
const dataAt = 8;
const lastEventIdAt = 16;

// and a skipped one's.
const skippedRecordBytes = 24;
const bytesAt = 0;
const beforeAt = 8;
const reasonAt = 12;
const skippedIdAt = 16;

const none: readonly SkippedEvent[] = Object.freeze([]);

/**
 * The events that a piece of a stream completed, in order, their text still in the module's memory.
 * Read it before the next call of its parser, and before any other use of the module.
 */
export class EventBatch {
  readonly length: number;
  /** Events over a limit, in order. */
  readonly skipped: readonly SkippedEvent[];
  readonly #events: Records;

  constructor(core: Core, length: number) {
    const result = core.result();
    const text = new BatchText(core, result.text, result.textSize);
    this.length = length;
    this.#events = new Records(core, result.records, recordBytes, text);
    this.skipped =
      result.skippedCount === 0
        ? none
        : readSkipped(new Records(core, result.skipped, skippedRecordBytes, text), result.skippedCount);
  }

  type(index: number): string {
    return this.#events.text(index, typeAt) || "message";
  }

  data(index: number): string {
    return this.#events.text(index, dataAt);
  }

  lastEventId(index: number): string {
    return this.#events.text(index, lastEventIdAt);
  }
}

function readSkipped(records: Records, count: number): SkippedEvent[] {
  return Array.from({ length: count }, (_, index) => ({
    before: records.word(index, beforeAt),
    reason: skipReasons[records.word(index, reasonAt)] ?? "event_too_large",
    bytes: records.double(index, bytesAt),
    lastEventId: records.text(index, skippedIdAt),
  }));
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

  /** Takes the next bytes, at most 512 KiB of them, and gives the events that they complete. */
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

  /** Gives its memory back. */
  dispose(): void {
    if (!this.#core.isDead) {
      this.#core.exports.parser_destroy(this.#handle);
    }
  }
}
