import type { Progress, StageView, ViewOf } from "../shared/messages.js";
import { stageStatuses } from "../shared/messages.js";
import type { IdOf, Workflow } from "../workflow/workflow.js";
import type { Core } from "./core.js";
import { parseJson } from "./json.js";
import { BatchText, Records } from "./records.js";
import type { Vocabulary } from "./vocabulary.js";

// A view record's fields,
export const viewBytes = 104;
const instanceIdAt = 0;
const timestampAt = 8;
const textAt = 16;
const stagesAt = 24;
const textIdAt = 28;
const statusAt = 36;
const stageAt = 44;
const messageAt = 52;
const idAt = 60;
const detailsAt = 68;
const processLogAt = 76;
const stageCountAt = 84;
const stagesDoneAt = 88;
const stagesTotalAt = 92;
const hasMoreStagesAt = 96;
const isFinalAt = 97;
const hasEndedAt = 98;
const hasGapAt = 99;
const hasLostHistoryAt = 100;

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
  readonly [member: string]: unknown;
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

/** The record of a view at `address`, and its text, which all views of a batch share. */
function recordAt(core: Core, address: number): Records {
  const textWord = (address + textAt) >> 2;
  const text = new BatchText(core, core.words[textWord] ?? 0, core.words[textWord + 1] ?? 0);
  return new Records(core, address, viewBytes, text);
}

/** Whose view the record at `address` is. */
export function readViewId<W extends Workflow>(core: Core, vocabulary: Vocabulary<W>, address: number): IdOf<W> {
  const record = recordAt(core, address);
  return vocabulary.id(record.double(0, instanceIdAt), () => record.text(0, textIdAt));
}

/**
 * Reads an instance's view, time and again: what did not change keeps its object, so that a page can compare by
 * identity. It outlives the module, whose next instance gets the view back from here.
 */
export class ViewReader<W extends Workflow> {
  readonly #vocabulary: Vocabulary<W>;
  #view: ViewOf<W> | null = null;
  readonly #details = new JsonMember<NonNullable<ViewOf<Workflow>["details"]>>();
  readonly #processLog = new JsonMember<NonNullable<ViewOf<Workflow>["processLog"]>>();
  #flags: ViewFlags | null = null;

  constructor(vocabulary: Vocabulary<W>) {
    this.#vocabulary = vocabulary;
  }

  /** Null: nothing is known yet. */
  get view(): ViewOf<W> | null {
    return this.#view;
  }

  /** Reads the record at `address`. */
  read(core: Core, address: number): void {
    const record = recordAt(core, address);
    const id = this.#vocabulary.id(record.double(0, instanceIdAt), () => record.text(0, textIdAt));
    const hasGap = record.flag(0, hasGapAt);
    const hasEnded = record.flag(0, hasEndedAt);
    this.#flags = { [this.#vocabulary.idMember]: id, hasEnded, hasGap, hasLostHistory: record.flag(0, hasLostHistoryAt) };
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
    const stages = new Records(core, record.word(0, stagesAt), stageBytes, record.batchText);
    this.#view = Object.freeze({
      [this.#vocabulary.idMember]: id,
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
    }) as unknown as ViewOf<W>;
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
