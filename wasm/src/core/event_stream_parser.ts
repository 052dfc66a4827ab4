import { bindMembers } from "../shared/bind_members.js";
import type { Core } from "./core.js";
import { StreamError } from "./errors.js";
import { BatchText, Records } from "./records.js";

/** The most that the parser buffers, in bytes. An event over a limit is skipped: see `EventBatch.skipped`. */
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
  /** The last event id of an earlier connection. Default: none. */
  readonly lastEventId?: string | undefined;
}

// In the order of the ABI's numbers.
const skipReasons = ["line_too_long", "event_too_large", "id_too_long"] as const;

/** The limit that an event exceeds. */
export type SkipReason = (typeof skipReasons)[number];

/** An event over a limit. The stream continues behind it. */
export interface SkippedEvent {
  /** The index in its batch of the event that came next. */
  readonly before: number;
  readonly reason: SkipReason;
  /** The size of its data as sent, with a line feed for each line. */
  readonly bytes: number;
  /** The last event id, with the event's own id if that was within the limit. */
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

/** A dispatched event. */
interface StreamEvent {
  readonly type: string;
  readonly data: string;
  readonly lastEventId: string;
}

const typeOf = (records: Records, index: number) => records.text(index, typeAt) || "message";
const dataOf = (records: Records, index: number) => records.text(index, dataAt);
const lastEventIdOf = (records: Records, index: number) => records.text(index, lastEventIdAt);

/**
 * The events that a piece of a stream completed, in order. Their text is still in the module's memory: read it before
 * any other use of the module, by this parser, another one or a stream.
 */
export class EventBatch {
  readonly length: number;
  /** Events over a limit, in order. */
  readonly skipped: readonly SkippedEvent[];
  /**
   * The first events, if the piece was too large for one call into the module. The records are those of the last call.
   */
  readonly #copied: readonly StreamEvent[];
  readonly #records: Records;

  constructor(copied: readonly StreamEvent[], records: Records, count: number, skipped: readonly SkippedEvent[]) {
    this.length = copied.length + count;
    this.skipped = skipped;
    this.#copied = copied;
    this.#records = records;
  }

  type(index: number): string {
    return this.#copied[index]?.type ?? typeOf(this.#records, index - this.#copied.length);
  }

  data(index: number): string {
    return this.#copied[index]?.data ?? dataOf(this.#records, index - this.#copied.length);
  }

  lastEventId(index: number): string {
    return this.#copied[index]?.lastEventId ?? lastEventIdOf(this.#records, index - this.#copied.length);
  }
}

/**
 * Parses server-sent events (WHATWG HTML, 9.2.6) from bytes, with the core's parser: exact at every split. For streams
 * without EventSource: a fetch body, a socket, a file.
 */
export class EventStreamParser {
  readonly #core: Core;
  readonly #handle: number;

  /** `core` is the result of `loadCore()`. */
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
    bindMembers(this);
  }

  /** Parses the next bytes and returns the events that they complete. */
  push(bytes: Uint8Array): EventBatch {
    const core = this.#core;
    const copied: StreamEvent[] = [];
    const skipped: SkippedEvent[] = [];
    for (let begin = 0; ; begin += core.bytesLimit) {
      const piece = bytes.subarray(begin, begin + core.bytesLimit);
      core.writeBytes(piece);
      const count = core.exports.parser_push(this.#handle, piece.length);
      const text = new BatchText(core, core.result("text"), core.result("textSize"));
      const records = new Records(core, core.result("records"), recordBytes, text);
      const skippedRecords = new Records(core, core.result("skipped"), skippedRecordBytes, text);
      for (let index = 0; index < core.result("skippedCount"); ++index) {
        skipped.push({
          before: copied.length + skippedRecords.word(index, beforeAt),
          reason: skipReasons[skippedRecords.word(index, reasonAt)] ?? "event_too_large",
          bytes: skippedRecords.double(index, bytesAt),
          lastEventId: skippedRecords.text(index, skippedIdAt),
        });
      }
      if (begin + core.bytesLimit >= bytes.length) {
        return new EventBatch(copied, records, count, skipped);
      }
      for (let index = 0; index < count; ++index) {
        copied.push({
          type: typeOf(records, index),
          data: dataOf(records, index),
          lastEventId: lastEventIdOf(records, index),
        });
      }
    }
  }

  /** Begins the next connection: only the last event id and `retry` carry over. */
  reconnect(): void {
    this.#core.exports.parser_reconnect(this.#handle);
  }

  /** The Last-Event-ID of a reconnect; empty: none. */
  get lastEventId(): string {
    this.#core.exports.parser_last_event_id(this.#handle);
    return this.#core.resultText();
  }

  /** The reconnection time that the stream has set, in milliseconds; null: none so far. */
  get retry(): number | null {
    const retry = this.#core.exports.parser_retry(this.#handle);
    return retry < 0 ? null : retry;
  }

  /** Frees its memory. */
  dispose(): void {
    if (!this.#core.isDead) {
      this.#core.exports.parser_destroy(this.#handle);
    }
  }
}
