import type { Progress, RegistrationView, StageView } from "../shared/messages.js";
import { stageStatuses } from "../shared/messages.js";
import type { Core } from "./core.js";
import { parseJson } from "./json.js";
import { BatchText, Records } from "./records.js";

// A view record's fields,
const viewBytes = 96;
const registrationIdAt = 0;
const timestampAt = 8;
const textAt = 16;
const stagesAt = 24;
const statusAt = 28;
const stageAt = 36;
const messageAt = 44;
const idAt = 52;
const detailsAt = 60;
const processLogAt = 68;
const stageCountAt = 76;
const stagesDoneAt = 80;
const stagesTotalAt = 84;
const hasMoreStagesAt = 88;
const isFinalAt = 89;
const hasEndedAt = 90;
const hasGapAt = 91;
const hasLostHistoryAt = 92;

// and a stage record's.
const stageBytes = 40;
const startedAtAt = 0;
const endedAtAt = 8;
const nameAt = 16;
const stageMessageAt = 24;
const stageStatusAt = 32;

const noStages: readonly StageView[] = Object.freeze([]);

/** `next`, unless `before` has the same members. */
function keep<T extends object>(before: T | undefined, next: T): T {
  const isSame =
    before !== undefined && (Object.keys(next) as (keyof T)[]).every((key) => before[key] === next[key]);
  return isSame ? before : Object.freeze(next);
}

function freezeDeeply(value: unknown): void {
  if (typeof value === "object" && value !== null) {
    Object.values(value).forEach(freezeDeeply);
    Object.freeze(value);
  }
}

/** What the next client has to know of a view, also before anything is known and there is none. */
interface ViewFlags {
  readonly registrationId: number;
  readonly hasEnded: boolean;
  readonly hasGap: boolean;
  readonly hasLostHistory: boolean;
}

/** A JSON text and its value, which is the same object for as long as the text is the same. */
class JsonMember<T> {
  #text = "";
  #value: T | null = null;

  /** As it was sent: numbers that JavaScript can't hold are in it, too. Empty: there is none. */
  get text(): string {
    return this.#text;
  }

  read(text: string): T | null {
    if (text !== this.#text) {
      const value = text === "" ? null : parseJson(text);
      freezeDeeply(value);
      this.#text = text;
      this.#value = value as T | null;
    }
    return this.#value;
  }
}

/**
 * Reads a registration's view, time and again: what did not change keeps its object, so that a page can compare by
 * identity. It outlives the module, whose next instance gets the view back from here.
 */
export class ViewReader {
  #view: RegistrationView | null = null;
  readonly #details = new JsonMember<NonNullable<RegistrationView["details"]>>();
  readonly #processLog = new JsonMember<NonNullable<RegistrationView["processLog"]>>();
  #flags: ViewFlags | null = null;

  /** Null: nothing is known yet. */
  get view(): RegistrationView | null {
    return this.#view;
  }

  /** Reads the record at `address`. */
  read(core: Core, address: number): void {
    const textWord = (address + textAt) >> 2;
    const text = new BatchText(core, core.words[textWord] ?? 0, core.words[textWord + 1] ?? 0);
    const record = new Records(core, address, viewBytes, text);
    const registrationId = record.double(0, registrationIdAt);
    const hasGap = record.flag(0, hasGapAt);
    const hasEnded = record.flag(0, hasEndedAt);
    this.#flags = { registrationId, hasEnded, hasGap, hasLostHistory: record.flag(0, hasLostHistoryAt) };
    const status = record.text(0, statusAt);
    const before = this.#view;
    if (status === "") {
      // The core could not read the view that it was given back.
      this.#view = before === null ? null : keep(before, { ...before, hasGap: true, id: null });
      return;
    }
    const json = (at: number) => {
      const size = record.word(0, at + 4);
      return size === 0 ? "" : core.text(record.word(0, at), size);
    };
    const progress: Progress = {
      stagesDone: record.word(0, stagesDoneAt),
      stagesTotal: record.word(0, stagesTotalAt),
    };
    const stages = new Records(core, record.word(0, stagesAt), stageBytes, text);
    this.#view = Object.freeze({
      registrationId,
      status,
      stage: record.text(0, stageAt) || null,
      stages: this.#readStages(stages, record.word(0, stageCountAt)),
      hasMoreStages: record.flag(0, hasMoreStagesAt),
      message: record.text(0, messageAt),
      details: this.#details.read(json(detailsAt)),
      processLog: this.#processLog.read(json(processLogAt)),
      timestamp: record.double(0, timestampAt),
      isFinal: record.flag(0, isFinalAt),
      progress: keep(before?.progress, progress),
      hasGap,
      id: record.text(0, idAt) || null,
    });
  }

  #readStages(records: Records, count: number): readonly StageView[] {
    const before = this.#view?.stages ?? noStages;
    const stages = Array.from({ length: count }, (_, index): StageView =>
      keep(before[index], {
        name: records.text(index, nameAt),
        status: stageStatuses[records.byte(index, stageStatusAt)] ?? "completed",
        message: records.text(index, stageMessageAt),
        startedAt: records.double(index, startedAtAt) || null,
        endedAt: records.double(index, endedAtAt) || null,
      }),
    );
    return stages.length === before.length ? keep(before, stages) : Object.freeze(stages);
  }

  /**
   * The view as a snapshot of the stream would say it, and the flags; empty where there is nothing to say. Details and
   * process log are the texts that came: written anew, they could be larger, and others.
   */
  toJson(): string {
    if (this.#flags === null) {
      return "";
    }
    const toSent = ({ name, status, ...rest }: StageView) => ({ stage: name, stageStatus: status, ...rest });
    const stages = this.#view?.stages.map(toSent);
    const others = { ...this.#view, ...this.#flags, stages, details: undefined, processLog: undefined };
    const member = (key: string, { text }: { readonly text: string }) => (text === "" ? "" : `,"${key}":${text}`);
    const json = member("details", this.#details) + member("processLog", this.#processLog);
    return `${JSON.stringify(others).slice(0, -1)}${json}}`;
  }
}
