import type { StageStatus, UpdateOf } from "../shared/messages.js";
import { stageStatuses } from "../shared/messages.js";
import type { IdOf, Workflow } from "../workflow/workflow.js";
import type { Core } from "./core.js";
import { parseJson } from "./json.js";
import { BatchText, Records } from "./records.js";
import { readViewId } from "./view_reader.js";
import type { ViewReader } from "./view_reader.js";
import { viewBytes } from "./view_record.js";
import type { Vocabulary } from "./vocabulary.js";

// In the order of the ABI's numbers.
const kinds = [
  "connected",
  "update",
  "snapshot",
  "reset",
  "ping",
  "other",
  "malformed",
  "too_large",
  "end",
  "token_expiring",
] as const;

/**
 * Whether an optional member that the record lacks has its declared type. Texts are always in the record, so a text
 * member here is not a text.
 */
function isAsDeclared(member: string, value: unknown): boolean {
  switch (member) {
    case "stage":
    case "stageStatus":
    case "message":
      return false;
    case "details":
      return typeof value === "object" && !Array.isArray(value);
    case "processLog":
      return Array.isArray(value);
    case "id":
      return typeof value === "string";
    default:
      return true;
  }
}

/** The kind of a message. */
export type MessageKind = (typeof kinds)[number];

// The offsets of a record's fields.
const recordBytes = 88;
const instanceIdAt = 0;
const timestampAt = 8;
const epochAt = 16;
const sequenceAt = 24;
const textIdAt = 32;
const statusAt = 40;
const stageAt = 48;
const messageAt = 56;
const cursorAt = 64;
const jsonAt = 72;
const kindAt = 80;
const knownStatusAt = 81;
const knownStageAt = 82;
const stageStatusAt = 83;
const hasMessageAt = 84;

/**
 * The messages that one call into the core produced, in order. Their fields are still in the module's memory: read them
 * before the next call into the core.
 */
export class MessageBatch<W extends Workflow> {
  readonly length: number;
  readonly #core: Core;
  readonly #vocabulary: Vocabulary<W>;
  readonly #records: Records;
  #cursorText: ((begin: number, size: number) => string) | null = null;

  constructor(core: Core, vocabulary: Vocabulary<W>, length: number) {
    this.length = length;
    this.#core = core;
    this.#vocabulary = vocabulary;
    const text = new BatchText(core, core.result("text"), core.result("textSize"));
    this.#records = new Records(core, core.result("records"), recordBytes, text);
  }

  /** How often updates may have been missed in this batch. */
  get resets(): number {
    return this.#core.result("resets");
  }

  /** Reads the views that have changed, each with the reader that `readerOf` returns. */
  readViews(readerOf: (id: IdOf<W>) => ViewReader<W> | undefined): void {
    const first = this.#core.result("views");
    const count = this.#core.result("viewCount");
    for (let index = 0; index < count; ++index) {
      const address = first + index * viewBytes;
      readerOf(readViewId(this.#core, this.#vocabulary, address))?.read(this.#core, address);
    }
  }

  kind(index: number): MessageKind {
    return kinds[this.#records.byte(index, kindAt)] ?? "other";
  }

  /** The event id of an update or an end, its place in the history; undefined if it has none. */
  eventId(index: number): string | undefined {
    const epoch = this.#records.double(index, epochAt);
    return epoch > 0 ? `${epoch}-${this.#records.double(index, sequenceAt)}` : undefined;
  }

  // Fields of an update:

  id(index: number): IdOf<W> {
    return this.#vocabulary.id(this.#records.double(index, instanceIdAt), () => this.#records.text(index, textIdAt));
  }

  timestamp(index: number): number {
    return this.#records.double(index, timestampAt);
  }

  status(index: number): string {
    return this.#vocabulary.status(this.#records.byte(index, knownStatusAt)) ?? this.#records.text(index, statusAt);
  }

  /** Empty: not a stage update. */
  stage(index: number): string {
    return this.#vocabulary.stage(this.#records.byte(index, knownStageAt)) ?? this.#records.text(index, stageAt);
  }

  stageStatus(index: number): StageStatus {
    return stageStatuses[this.#records.byte(index, stageStatusAt)] ?? "completed";
  }

  /** For a malformed or too large message: the reason. */
  message(index: number): string {
    return this.#records.text(index, messageAt);
  }

  /** Returns a function that gives the cursor behind the update, at any later time. */
  cursor(index: number): () => string {
    return this.#textLater(this.#records.word(index, cursorAt), this.#records.word(index, cursorAt + 4));
  }

  /** The same for the cursor behind the whole batch. */
  cursorAtEnd(): () => string {
    const begin = this.#core.result("cursorBegin");
    return this.#textLater(begin, this.#core.result("cursorsSize") - begin);
  }

  #textLater(begin: number, size: number): () => string {
    this.#cursorText ??= this.#core.textLater(this.#core.result("cursors"), this.#core.result("cursorsSize"));
    const text = this.#cursorText;
    return () => text(begin, size);
  }

  /** The complete update, as the page gets it. Free-form members are parsed here. */
  update(index: number): UpdateOf<W> {
    const update: Record<string, unknown> = {
      [this.#vocabulary.idMember]: this.id(index),
      status: this.status(index),
      timestamp: this.timestamp(index),
    };
    const stage = this.stage(index);
    if (stage !== "") {
      update["stage"] = stage;
      update["stageStatus"] = this.stageStatus(index);
    }
    if (this.#records.flag(index, hasMessageAt)) {
      update["message"] = this.message(index);
    }
    const eventId = this.eventId(index);
    if (eventId !== undefined) {
      update["id"] = eventId;
    }
    const size = this.#records.word(index, jsonAt + 4);
    if (size > 0) {
      const json = this.#core.text(this.#core.result("json") + this.#records.word(index, jsonAt), size);
      this.#addRest(update, parseJson(json) as Readonly<Record<string, unknown>>);
    }
    return Object.freeze(update) as unknown as UpdateOf<W>;
  }

  /**
   * Adds the members that the record lacks, under any name: `constructor` and `__proto__` are names, too. Null counts
   * as absent, and so does a member of the contract with a wrong type: code can rely on the declared types.
   */
  #addRest(update: Record<string, unknown>, sent: Readonly<Record<string, unknown>>): void {
    const own = new Set(Object.keys(update));
    for (const [key, value] of Object.entries(sent)) {
      if (value !== null && !own.has(key) && isAsDeclared(key, value)) {
        // An assignment to `__proto__` would change the object's prototype.
        Object.defineProperty(update, key, { value, enumerable: true });
      }
    }
  }
}
