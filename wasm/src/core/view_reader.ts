import type { Progress, StageView, ViewOf } from "../shared/messages.js";
import { stageStatuses } from "../shared/messages.js";
import type { IdOf, Workflow } from "../workflow/workflow.js";
import type { Core } from "./core.js";
import { parseJson } from "./json.js";
import type { Text } from "./records.js";
import { BatchText, Records } from "./records.js";
import { ViewCopy } from "./view_copy.js";
import {
  endedAtAt,
  hasEndedAt,
  hasGapAt,
  hasLostHistoryAt,
  hasMoreStagesAt,
  idAt,
  instanceIdAt,
  isFinalAt,
  messageAt,
  nameAt,
  stageAt,
  stageBytes,
  stageCountAt,
  stageMessageAt,
  stageStatusAt,
  stagesDoneAt,
  stagesTotalAt,
  startedAtAt,
  statusAt,
  textAt,
  textIdAt,
  timestampAt,
  viewBytes,
} from "./view_record.js";
import type { Vocabulary } from "./vocabulary.js";

const noStages: readonly StageView[] = Object.freeze([]);

/** `before` if it has the same members, otherwise `next`. */
function keep<T extends object>(before: T | undefined, next: T): T {
  const isSame = before !== undefined && (Object.keys(next) as (keyof T)[]).every((key) => before[key] === next[key]);
  return isSame ? before : Object.freeze(next);
}

function freezeDeeply(value: unknown): void {
  if (typeof value === "object" && value !== null) {
    Object.values(value).forEach(freezeDeeply);
    Object.freeze(value);
  }
}

/** Flags that the next client restores, also if there is no view yet. */
interface ViewFlags {
  readonly [member: string]: unknown;
  readonly hasEnded: boolean;
  readonly hasGap: boolean;
  readonly hasLostHistory: boolean;
}

/** A JSON text and its value: the same object while the text is the same. */
class JsonMember<T> {
  #text = "";
  #value: T | null = null;

  /** The text as sent, with numbers that JavaScript can't represent. Empty: none. */
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

/** The id of the instance whose view is at `address`. */
export function readViewId<W extends Workflow>(core: Core, vocabulary: Vocabulary<W>, address: number): IdOf<W> {
  const textWord = (address + textAt) >> 2;
  const text = new BatchText(core, core.words[textWord] ?? 0, core.words[textWord + 1] ?? 0);
  const record = new Records(core, address, viewBytes, text);
  return vocabulary.id(record.double(0, instanceIdAt), () => record.text(0, textIdAt));
}

/**
 * Reads an instance's view repeatedly. Parts that did not change keep their object, so that a page can compare by
 * identity. A view is made when it is read, perhaps once for many updates. The reader outlives the module: the next
 * instance restores the view from here.
 */
export class ViewReader<W extends Workflow> {
  readonly #vocabulary: Vocabulary<W>;
  #view: ViewOf<W> | null = null;
  readonly #details = new JsonMember<NonNullable<ViewOf<Workflow>["details"]>>();
  readonly #processLog = new JsonMember<NonNullable<ViewOf<Workflow>["processLog"]>>();
  #flags: ViewFlags | null = null;
  readonly #copy = new ViewCopy();
  #hasUnread = false;
  #isFinal = false;

  constructor(vocabulary: Vocabulary<W>) {
    this.#vocabulary = vocabulary;
  }

  /** Null: there is no view yet. */
  get view(): ViewOf<W> | null {
    if (this.#hasUnread) {
      this.#hasUnread = false;
      this.#make(this.#copy);
      this.#copy.release();
    }
    return this.#view;
  }

  /** The view's `isFinal`, without making the view. */
  get isFinal(): boolean {
    return this.#isFinal;
  }

  /** Reads the record at `address`. */
  read(core: Core, address: number): void {
    if (core.words[(address + statusAt + 4) >> 2] === 0) {
      // There is no new view. Make the earlier one first: it only gets a gap.
      void this.view;
    }
    this.#copy.copyFrom(core, address);
    this.#hasUnread = true;
    this.#isFinal = core.bytes[address + isFinalAt] === 1;
  }

  #make(copy: ViewCopy): void {
    const whole = copy.text();
    const text: Text = { slice: (begin, size) => whole.slice(begin, begin + size) };
    const record = new Records(copy, 0, viewBytes, text);
    const id = this.#vocabulary.id(record.double(0, instanceIdAt), () => record.text(0, textIdAt));
    const hasGap = record.flag(0, hasGapAt);
    const hasEnded = record.flag(0, hasEndedAt);
    const hasLostHistory = record.flag(0, hasLostHistoryAt);
    this.#flags = { [this.#vocabulary.idMember]: id, hasEnded, hasGap, hasLostHistory };
    const status = record.text(0, statusAt);
    const before = this.#view;
    if (status === "") {
      // The core could not restore the view.
      this.#view = before === null ? null : keep(before, { ...before, hasGap: true, id: null });
      return;
    }
    const progress: Progress = {
      stagesDone: record.word(0, stagesDoneAt),
      stagesTotal: record.word(0, stagesTotalAt),
    };
    const stages = new Records(copy, viewBytes, stageBytes, text);
    this.#view = Object.freeze({
      [this.#vocabulary.idMember]: id,
      status,
      stage: record.text(0, stageAt) || null,
      stages: this.#readStages(stages, record.word(0, stageCountAt)),
      hasMoreStages: record.flag(0, hasMoreStagesAt),
      message: record.text(0, messageAt),
      details: this.#details.read(copy.details()),
      processLog: this.#processLog.read(copy.processLog()),
      timestamp: record.double(0, timestampAt),
      isFinal: record.flag(0, isFinalAt),
      progress: keep(before?.progress, progress),
      hasGap,
      id: record.text(0, idAt) || null,
    }) as unknown as ViewOf<W>;
  }

  #readStages(records: Records, count: number): readonly StageView[] {
    const before = this.#view?.stages ?? noStages;
    const stages = Array.from(
      { length: count },
      (_, index): StageView =>
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
   * The view as a snapshot of the stream would have it, with the flags; empty if there is nothing to say. `details` and
   * `processLog` keep their original text: written anew, they could differ and be larger.
   */
  toJson(): string {
    const { view } = this;
    if (this.#flags === null) {
      return "";
    }
    const toSent = ({ name, status, ...rest }: StageView) => ({ stage: name, stageStatus: status, ...rest });
    const stages = view?.stages.map(toSent);
    const others = { ...view, ...this.#flags, stages, details: undefined, processLog: undefined };
    const member = (key: string, { text }: { readonly text: string }) => (text === "" ? "" : `,"${key}":${text}`);
    const json = member("details", this.#details) + member("processLog", this.#processLog);
    return `${JSON.stringify(others).slice(0, -1)}${json}}`;
  }
}
