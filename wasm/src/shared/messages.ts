/** The messages of the stream, as the page sees them. The core validates; this gives them types. */

/** Where a registration stands. Deployments may use names of their own; those are not final. */
export type RegistrationStatus =
  | "PENDING"
  | "APPROVED"
  | "DUPLICATE"
  | "FAILED"
  | "COMPLETED"
  | (string & {});

/** How far one stage has come. */
export type StageStatus = "started" | "completed" | "failed" | "skipped";

/**
 * One update as its publisher sent it, with whatever other fields it has. Times are milliseconds
 * since the Unix epoch. `stageStatus` accompanies a `stage` always: where the publisher sent none, it
 * is read from the message.
 */
export interface RegistrationUpdate {
  /** A number also where the publisher sent text ("42"). */
  readonly registrationId: number;
  readonly status: RegistrationStatus;
  readonly stage?: string;
  readonly stageStatus?: StageStatus;
  readonly message?: string;
  readonly details?: Readonly<Record<string, unknown>>;
  readonly processLog?: readonly unknown[];
  /** 0 where the publisher sent none. */
  readonly timestamp: number;
  /** Its place in the history, once it has one: `<epoch>-<sequence>`. */
  readonly id?: string;
}

/** One stage of a validation, as far as it is known. */
export interface StageView {
  readonly name: string;
  readonly status: StageStatus;
  readonly message: string;
  /** Null: its start was not seen. */
  readonly startedAt: number | null;
  /** Null: it has not ended. */
  readonly endedAt: number | null;
}

/** How much of a validation is over, however it went. */
export interface Progress {
  /** Stages that have ended: completed, failed or skipped; all of them once validation has ended. */
  readonly stagesDone: number;
  /** The contract's four, or the stages seen where a workflow has others. Never 0. */
  readonly stagesTotal: number;
}

/** Everything that is known of one registration: all its updates folded into one view. */
export interface RegistrationView {
  readonly registrationId: number;
  readonly status: RegistrationStatus;
  /** The stage last heard of in this validation. */
  readonly stage: string | null;
  /** In the order in which they appeared. */
  readonly stages: readonly StageView[];
  /** True where the validation has more stages than `stages` may hold: 64. */
  readonly hasMoreStages: boolean;
  readonly message: string;
  readonly details: Readonly<Record<string, unknown>> | null;
  readonly processLog: readonly unknown[] | null;
  /** Of the newest update. */
  readonly timestamp: number;
  /** True where validation has ended. */
  readonly isFinal: boolean;
  readonly progress: Progress;
  /** True where updates may have been missed, until the server tells how things stand. */
  readonly hasGap: boolean;
  /** The event id of the newest update. Null where the server gives none. */
  readonly id: string | null;
}

type JsonObject = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isStageStatus(value: unknown): value is StageStatus {
  return (
    value === "started" || value === "completed" || value === "failed" || value === "skipped"
  );
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function time(value: unknown): number | null {
  return typeof value === "number" && value > 0 ? value : null;
}

/** The wire names a stage as an update does. */
function toStage(value: unknown): StageView | null {
  if (!isObject(value)) {
    return null;
  }
  const { stage, stageStatus } = value;
  return Object.freeze({
    name: text(stage),
    status: isStageStatus(stageStatus) ? stageStatus : "completed",
    message: text(value["message"]),
    startedAt: time(value["startedAt"]),
    endedAt: time(value["endedAt"]),
  });
}

/** A share that is none (the core always gives one) is nothing done of one. */
function toProgress(value: unknown): Progress {
  const { stagesDone, stagesTotal } = isObject(value) ? value : {};
  return Object.freeze({
    stagesDone: typeof stagesDone === "number" ? stagesDone : 0,
    stagesTotal: typeof stagesTotal === "number" ? stagesTotal : 1,
  });
}

/** The value of a JSON text, with U+FFFD for each lone surrogate, as the core reads it. */
export function parseJson(json: string): unknown {
  if (!/\\u[dD][89a-fA-F]/.test(json)) {
    return JSON.parse(json);
  }
  const escapes = /\\(?:u[dD][89abAB][\da-fA-F]{2}\\u[dD][c-fC-F][\da-fA-F]{2}|(u[dD][89a-fA-F][\da-fA-F]{2})|[^])/g;
  return JSON.parse(
    json.replace(escapes, (escape, surrogate: string | undefined) => (surrogate === undefined ? escape : "\ufffd")),
  );
}

/** The core's view of a registration. Null where it knows nothing yet. */
export function parseView(viewJson: string): RegistrationView | null {
  if (viewJson === "") {
    return null;
  }
  const view = parseJson(viewJson);
  if (!isObject(view)) {
    return null;
  }
  const { registrationId, stage, stages, details, processLog, timestamp, id } = view;
  return Object.freeze({
    registrationId: typeof registrationId === "number" ? registrationId : 0,
    status: text(view["status"]),
    stage: typeof stage === "string" && stage !== "" ? stage : null,
    stages: Object.freeze(
      (Array.isArray(stages) ? stages : [])
        .map(toStage)
        .filter((one): one is StageView => one !== null),
    ),
    hasMoreStages: view["hasMoreStages"] === true,
    message: text(view["message"]),
    details: isObject(details) ? details : null,
    processLog: Array.isArray(processLog) ? processLog : null,
    timestamp: typeof timestamp === "number" ? timestamp : 0,
    isFinal: view["isFinal"] === true,
    progress: toProgress(view["progress"]),
    hasGap: view["hasGap"] === true,
    id: typeof id === "string" ? id : null,
  });
}
