import type { Progress, RegistrationView, StageStatus, StageView } from "../shared/messages.js";
import type { Core } from "./core.js";
import { parseJson } from "./json.js";
import { BatchText, Records } from "./records.js";

const stageStatuses: readonly StageStatus[] = ["started", "completed", "failed", "skipped"];

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
const detailsChangedAt = 93;
const processLogChangedAt = 94;

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

/**
 * Reads a registration's view, time and again: what did not change keeps its object, so that a page can compare by
 * identity. It outlives the module, whose next instance gets the view back from here.
 */
export class ViewReader {
  #view: RegistrationView | null = null;
  /** What the next client has to know, and a view does not say, or not before anything is known. */
  #rest: Readonly<Record<"registrationId" | "hasEnded" | "hasGap" | "hasLostHistory", number | boolean>> | null = null;

  /** Null: nothing is known yet. */
  get view(): RegistrationView | null {
    return this.#view;
  }

  /** Reads the record at `address`. */
  read(core: Core, address: number): void {
    const textWord = (address + textAt) >> 2;
    const text = new BatchText(core, core.words[textWord] ?? 0, core.words[textWord + 1] ?? 0);
    const record = new Records(core, address, viewBytes, text);
    this.#rest = {
      registrationId: record.double(0, registrationIdAt),
      hasEnded: record.flag(0, hasEndedAt),
      hasGap: record.flag(0, hasGapAt),
      hasLostHistory: record.flag(0, hasLostHistoryAt),
    };
    const status = record.text(0, statusAt);
    if (status === "") {
      return;
    }
    const before = this.#view;
    const json = <T>(at: number, changedAt: number, known: T | undefined): T | null => {
      if (!record.flag(0, changedAt)) {
        return known ?? null;
      }
      const size = record.word(0, at + 4);
      const value = size === 0 ? null : parseJson(core.text(record.word(0, at), size));
      freezeDeeply(value);
      return value as T | null;
    };
    const progress: Progress = {
      stagesDone: record.word(0, stagesDoneAt),
      stagesTotal: record.word(0, stagesTotalAt),
    };
    const stages = new Records(core, record.word(0, stagesAt), stageBytes, text);
    this.#view = Object.freeze({
      registrationId: record.double(0, registrationIdAt),
      status,
      stage: record.text(0, stageAt) || null,
      stages: this.#readStages(stages, record.word(0, stageCountAt)),
      hasMoreStages: record.flag(0, hasMoreStagesAt),
      message: record.text(0, messageAt),
      details: json(detailsAt, detailsChangedAt, before?.details),
      processLog: json(processLogAt, processLogChangedAt, before?.processLog),
      timestamp: record.double(0, timestampAt),
      isFinal: record.flag(0, isFinalAt),
      progress: keep(before?.progress, progress),
      hasGap: record.flag(0, hasGapAt),
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

  /** The view as a snapshot of the stream would say it, and the rest; empty where there is nothing to say. */
  toJson(): string {
    if (this.#rest === null) {
      return "";
    }
    const stages = this.#view?.stages.map((stage) => ({ ...stage, stage: stage.name, stageStatus: stage.status }));
    return JSON.stringify({ ...this.#view, ...this.#rest, stages });
  }
}
