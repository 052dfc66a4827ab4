/** The messages of the stream, as the page sees them. The core validates; this gives them types. */

/** Where a registration stands. Deployments may use names of their own; those are not final. */
export type RegistrationStatus =
  | "PENDING"
  | "APPROVED"
  | "DUPLICATE"
  | "FAILED"
  | "COMPLETED"
  | (string & {});

/** In the order of the ABI's numbers. */
export const stageStatuses = ["started", "completed", "failed", "skipped"] as const;

/** How far one stage has come. */
export type StageStatus = (typeof stageStatuses)[number];

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
  /** True where updates may have been missed, until a snapshot of the server's tells how things stand. */
  readonly hasGap: boolean;
  /** The event id of the newest update. Null where the server gives none, and where its history was lost (`reset`). */
  readonly id: string | null;
}
