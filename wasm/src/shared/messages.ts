/** The messages of a workflow's stream, as the page sees them. The core validates; this gives them types. */

import type { RegistrationWorkflow } from "../generated/registration.js";
import type { IdMember, OrAnyOther, StageOf, StatusOf, Workflow } from "../workflow/workflow.js";

/** Where a registration stands. Deployments may use names of their own; those are not final. */
export type RegistrationStatus = OrAnyOther<StatusOf<RegistrationWorkflow>>;

/** In the order of the ABI's numbers. */
export const stageStatuses = ["started", "completed", "failed", "skipped"] as const;

/** How far one stage has come. */
export type StageStatus = (typeof stageStatuses)[number];

interface UpdateMembers<Status extends string, Stage extends string> {
  readonly status: Status;
  readonly stage?: Stage;
  readonly stageStatus?: StageStatus;
  readonly message?: string;
  readonly details?: Readonly<Record<string, unknown>>;
  readonly processLog?: readonly unknown[];
  /** 0 where the publisher sent none. */
  readonly timestamp: number;
  /** Its place in the history, once it has one: `<epoch>-<sequence>`. */
  readonly id?: string;
}

/**
 * One update as its publisher sent it, with whatever other fields it has; the id member names the instance. Times are
 * milliseconds since the Unix epoch. `stageStatus` accompanies a `stage` always: where the publisher sent none, it
 * is read from the message, or means that the stage has completed, as the workflow declares.
 */
export type UpdateOf<W extends Workflow> = IdMember<W> & UpdateMembers<OrAnyOther<StatusOf<W>>, OrAnyOther<StageOf<W>>>;

/** One update of a registration. `registrationId` is a number also where the publisher sent text ("42"). */
export interface RegistrationUpdate extends UpdateOf<RegistrationWorkflow> {}

/** One stage of an instance, as far as it is known. */
export interface StageView<Stage extends string = string> {
  readonly name: Stage;
  readonly status: StageStatus;
  readonly message: string;
  /** Null: its start was not seen. */
  readonly startedAt: number | null;
  /** Null: it has not ended. */
  readonly endedAt: number | null;
}

/** How much of an instance is over, however it went. */
export interface Progress {
  /** Stages that have ended: completed, failed or skipped; all of them once the instance has ended. */
  readonly stagesDone: number;
  /** The declared ones, or the stages seen where there are others. Never 0. */
  readonly stagesTotal: number;
}

interface ViewMembers<Status extends string, Stage extends string> {
  readonly status: Status;
  /** The stage last heard of in this run. */
  readonly stage: Stage | null;
  /** In the order in which they appeared. */
  readonly stages: readonly StageView<Stage>[];
  /** True where the run has more stages than `stages` may hold: 64. */
  readonly hasMoreStages: boolean;
  readonly message: string;
  readonly details: Readonly<Record<string, unknown>> | null;
  readonly processLog: readonly unknown[] | null;
  /** Of the newest update. */
  readonly timestamp: number;
  /** True where the instance has ended. */
  readonly isFinal: boolean;
  readonly progress: Progress;
  /** True where updates may have been missed, until a snapshot of the server's tells how things stand. */
  readonly hasGap: boolean;
  /** The event id of the newest update. Null where the server gives none, and where its history was lost (`reset`). */
  readonly id: string | null;
}

/** Everything that is known of one instance, which the id member names: all its updates folded into one view. */
export type ViewOf<W extends Workflow> = IdMember<W> & ViewMembers<OrAnyOther<StatusOf<W>>, OrAnyOther<StageOf<W>>>;

/** Everything that is known of one registration. */
export interface RegistrationView extends ViewOf<RegistrationWorkflow> {}
