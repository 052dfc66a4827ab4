import { registrationWorkflow } from "../generated/registration.js";
import type { RegistrationStatus, RegistrationUpdate, StageStatus } from "../shared/messages.js";
import { stageStatuses } from "../shared/messages.js";
import type { Core } from "./core.js";
import { parseJson } from "./json.js";
import { BatchText, Records } from "./records.js";
import type { ViewReader } from "./view_reader.js";

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
const statuses: readonly string[] = registrationWorkflow.statuses.map(({ name }) => name);
/** The first stands for one that is not declared. */
const stages: readonly string[] = ["", ...registrationWorkflow.stages.map(({ name }) => name)];

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

// A record's fields.
const recordBytes = 80;
const registrationIdAt = 0;
const timestampAt = 8;
const epochAt = 16;
const sequenceAt = 24;
const statusAt = 32;
const stageAt = 40;
const messageAt = 48;
const cursorAt = 56;
const jsonAt = 64;
const kindAt = 72;
const knownStatusAt = 73;
const knownStageAt = 74;
const stageStatusAt = 75;
const hasMessageAt = 76;

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/**
 * What one call into the core brought: the messages in order, their fields still in the module's
 * memory. Read it before the next call into the core.
 */
export class MessageBatch {
  readonly length: number;
  readonly #core: Core;
  readonly #records: Records;
  #cursorText: ((begin: number, size: number) => string) | null = null;

  constructor(core: Core, length: number) {
    this.length = length;
    this.#core = core;
    const text = new BatchText(core, core.result("text"), core.result("textSize"));
    this.#records = new Records(core, core.result("records"), recordBytes, text);
  }

  /** How often updates may have been missed in it. */
  get resets(): number {
    return this.#core.result("resets");
  }

  /** Lets `reader` read the registration's view, if it has changed; returns whether it has. */
  readView(reader: ViewReader): boolean {
    const view = this.#core.result("view");
    if (view !== 0) {
      reader.read(this.#core, view);
    }
    return view !== 0;
  }

  kind(index: number): MessageKind {
    return kinds[this.#records.byte(index, kindAt)] ?? "other";
  }

  // Of an update:

  registrationId(index: number): number {
    return this.#records.double(index, registrationIdAt);
  }

  timestamp(index: number): number {
    return this.#records.double(index, timestampAt);
  }

  status(index: number): RegistrationStatus {
    return statuses[this.#records.byte(index, knownStatusAt)] ?? this.#records.text(index, statusAt);
  }

  /** Empty: it is no stage update. */
  stage(index: number): string {
    const known = this.#records.byte(index, knownStageAt);
    return (known > 0 ? stages[known] : undefined) ?? this.#records.text(index, stageAt);
  }

  stageStatus(index: number): StageStatus {
    return stageStatuses[this.#records.byte(index, stageStatusAt)] ?? "completed";
  }

  /** Also why a message is malformed or too large. */
  message(index: number): string {
    return this.#records.text(index, messageAt);
  }

  /** Gives what a reconnect behind the update has to resume from, at any time. */
  cursor(index: number): () => string {
    return this.#textLater(this.#records.word(index, cursorAt), this.#records.word(index, cursorAt + 4));
  }

  /** The same, of a reconnect behind the whole batch. */
  cursorAtEnd(): () => string {
    const begin = this.#core.result("cursorBegin");
    return this.#textLater(begin, this.#core.result("cursorsSize") - begin);
  }

  #textLater(begin: number, size: number): () => string {
    this.#cursorText ??= this.#core.textLater(this.#core.result("cursors"), this.#core.result("cursorsSize"));
    const text = this.#cursorText;
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
    if (this.#records.flag(index, hasMessageAt)) {
      update.message = this.message(index);
    }
    const epoch = this.#records.double(index, epochAt);
    if (epoch > 0) {
      update.id = `${epoch}-${this.#records.double(index, sequenceAt)}`;
    }
    const size = this.#records.word(index, jsonAt + 4);
    if (size > 0) {
      const json = this.#core.text(this.#core.result("json") + this.#records.word(index, jsonAt), size);
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
}
