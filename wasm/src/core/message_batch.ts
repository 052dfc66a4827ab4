import type { RegistrationStatus, RegistrationUpdate, StageStatus } from "../shared/messages.js";
import { parseJson } from "../shared/messages.js";
import { BatchText } from "./batch_text.js";
import type { Core } from "./core.js";

// These stand for numbers of the ABI, in its order.
const kinds = [
  "connected",
  "update",
  "snapshot",
  "reset",
  "ping",
  "other",
  "malformed",
  "too_large",
] as const;
const statuses = ["PENDING", "APPROVED", "DUPLICATE", "FAILED", "COMPLETED"] as const;
const stages = ["", "duplicate_check", "t24_lookup", "account_validation", "status_update"] as const;
const stageStatuses: readonly StageStatus[] = ["started", "completed", "failed", "skipped"];

/** Of `RegistrationUpdate`'s optional members, those that are texts are in the record if they are any. */
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

/** What a message of the stream was. */
export type MessageKind = (typeof kinds)[number];

/** A record's fields, as offsets in 32-bit words, 64-bit doubles and bytes. */
const recordBytes = 80;
const registrationIdDouble = 0;
const timestampDouble = 1;
const epochDouble = 2;
const sequenceDouble = 3;
const statusWord = 8;
const stageWord = 10;
const messageWord = 12;
const cursorWord = 14;
const jsonWord = 16;
const kindByte = 72;
const knownStatusByte = 73;
const knownStageByte = 74;
const stageStatusByte = 75;
const hasMessageByte = 76;

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/**
 * What one call into the core brought: the messages in order, their fields still in the module's
 * memory. Read it before the next call into the core.
 */
export class MessageBatch {
  readonly length: number;
  /** Whether the registration's view has changed. */
  readonly viewChanged: boolean;
  readonly #core: Core;
  // The module's memory as it was when the batch was made. A later call may grow it, which empties these.
  readonly #bytes: Uint8Array;
  readonly #words: Uint32Array;
  readonly #doubles: Float64Array;
  readonly #address: number;
  readonly #text: BatchText;
  readonly #json: number;
  readonly #cursors: number;
  readonly #cursorsSize: number;
  #cursorText: ((begin: number, size: number) => string) | null = null;

  constructor(core: Core, length: number) {
    const result = core.result();
    this.length = length;
    this.viewChanged = result.viewChanged;
    this.#core = core;
    this.#bytes = core.bytes;
    this.#words = core.words;
    this.#doubles = core.doubles;
    this.#address = result.records;
    this.#text = new BatchText(core, result.text, result.textSize);
    this.#json = result.json;
    this.#cursors = result.cursors;
    this.#cursorsSize = result.cursorsSize;
  }

  kind(index: number): MessageKind {
    return kinds[this.#byte(index, kindByte)] ?? "other";
  }

  /** Why a message is malformed or too large. */
  problem(index: number): string {
    return this.#slice(index, messageWord);
  }

  // Of an update:

  registrationId(index: number): number {
    return this.#double(index, registrationIdDouble);
  }

  timestamp(index: number): number {
    return this.#double(index, timestampDouble);
  }

  status(index: number): RegistrationStatus {
    return statuses[this.#byte(index, knownStatusByte)] ?? this.#slice(index, statusWord);
  }

  /** Empty: it is no stage update. */
  stage(index: number): string {
    const known = this.#byte(index, knownStageByte);
    return (known > 0 ? stages[known] : undefined) ?? this.#slice(index, stageWord);
  }

  stageStatus(index: number): StageStatus {
    return stageStatuses[this.#byte(index, stageStatusByte)] ?? "completed";
  }

  message(index: number): string {
    return this.#slice(index, messageWord);
  }

  /** Gives what a reconnect behind the update has to resume from, at any time. */
  cursor(index: number): () => string {
    this.#cursorText ??= this.#core.textLater(this.#cursors, this.#cursorsSize);
    const [text, begin, size] = [this.#cursorText, this.#word(index, cursorWord), this.#word(index, cursorWord + 1)];
    return () => text(begin, size);
  }

  /** The update whole, as the page gets it. What is free-form in it is parsed here. */
  update(index: number): RegistrationUpdate {
    const update: Mutable<RegistrationUpdate> = {
      registrationId: this.registrationId(index),
      status: this.status(index),
      timestamp: this.timestamp(index),
    };
    const stage = this.stage(index);
    if (stage !== "") {
      update.stage = stage;
      update.stageStatus = this.stageStatus(index);
    }
    if (this.#byte(index, hasMessageByte) === 1) {
      update.message = this.message(index);
    }
    const epoch = this.#double(index, epochDouble);
    if (epoch > 0) {
      update.id = `${epoch}-${this.#double(index, sequenceDouble)}`;
    }
    const size = this.#word(index, jsonWord + 1);
    if (size > 0) {
      const json = this.#core.text(this.#json + this.#word(index, jsonWord), size);
      this.#addRest(update, parseJson(json) as Readonly<Record<string, unknown>>);
    }
    return Object.freeze(update);
  }

  /**
   * What the record does not have, under any name: `constructor` and `__proto__` are names, too. Null counts as absent,
   * and so does a member of the contract that is of another type: what a member is declared as can be relied upon.
   */
  #addRest(
    update: Mutable<RegistrationUpdate>,
    sent: Readonly<Record<string, unknown>>,
  ): void {
    const own = new Set(Object.keys(update));
    for (const [key, value] of Object.entries(sent)) {
      if (value !== null && !own.has(key) && isAsDeclared(key, value)) {
        // An assignment to `__proto__` would change the object's prototype.
        Object.defineProperty(update, key, { value, enumerable: true });
      }
    }
  }

  #byte(index: number, offset: number): number {
    return this.#bytes[this.#address + index * recordBytes + offset] ?? 0;
  }

  #double(index: number, offset: number): number {
    return this.#doubles[((this.#address + index * recordBytes) >> 3) + offset] ?? 0;
  }

  #word(index: number, offset: number): number {
    return this.#words[((this.#address + index * recordBytes) >> 2) + offset] ?? 0;
  }

  #slice(index: number, offset: number): string {
    const size = this.#word(index, offset + 1);
    return size === 0 ? "" : this.#text.slice(this.#word(index, offset), size);
  }
}
