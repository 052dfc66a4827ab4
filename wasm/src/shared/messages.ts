/** The messages of a workflow's stream, as the page sees them. The core has checked them; these are their types. */

import type { RegistrationWorkflow } from "../generated/registration.js";
import type { IdMember, OrAnyOther, StageOf, StatusOf, Workflow } from "../workflow/workflow.js";

/** A registration's status. Deployments may use names of their own, which are not final. */
export type RegistrationStatus = OrAnyOther<StatusOf<RegistrationWorkflow>>;

/** In the order of the ABI's numbers. */
export const stageStatuses = ["started", "completed", "failed", "skipped"] as const;

/** A stage's progress. */
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
  /** The update's place in the history, if it has one: `<epoch>-<sequence>`. */
  readonly id?: string;
}

/**
 * One update as its publisher sent it, with any other fields it has. The id member names the instance. Times are
 * milliseconds since the Unix epoch. A `stage` always comes with a `stageStatus`: if the publisher sent none, the core
 * infers it from the message, or assumes that the stage has completed, as the workflow declares.
 */
export type UpdateOf<W extends Workflow> = IdMember<W> & UpdateMembers<OrAnyOther<StatusOf<W>>, OrAnyOther<StageOf<W>>>;

/** One update of a registration. `registrationId` is a number, also if the publisher sent text ("42"). */
export interface RegistrationUpdate extends UpdateOf<RegistrationWorkflow> {}

/** One stage of an instance. */
export interface StageView<Stage extends string = string> {
  readonly name: Stage;
  readonly status: StageStatus;
  readonly message: string;
  /** Null: no update said when it started. */
  readonly startedAt: number | null;
  /** Null: it has not ended. */
  readonly endedAt: number | null;
}

/** How many of an instance's stages have ended, in whatever way. */
export interface Progress {
  /** Stages that have ended: completed, failed or skipped. All of them once the instance has ended. */
  readonly stagesDone: number;
  /** The declared stages, or those seen if others appeared. Never 0. */
  readonly stagesTotal: number;
}

interface ViewMembers<Status extends string, Stage extends string> {
  readonly status: Status;
  /** The stage of the run's last stage update. */
  readonly stage: Stage | null;
  /** In order of appearance. */
  readonly stages: readonly StageView<Stage>[];
  /** True if the run has more stages than `stages` may hold: 64. */
  readonly hasMoreStages: boolean;
  readonly message: string;
  readonly details: Readonly<Record<string, unknown>> | null;
  readonly processLog: readonly unknown[] | null;
  /** The newest update's time. */
  readonly timestamp: number;
  /** True once the instance has ended. */
  readonly isFinal: boolean;
  readonly progress: Progress;
  /** True if updates may have been missed and no snapshot has replaced the view since. */
  readonly hasGap: boolean;
  /** The newest update's event id. Null if the server gives none, and after its history was lost (`reset`). */
  readonly id: string | null;
}

/** All updates of one instance, folded into one view. The id member names the instance. */
export type ViewOf<W extends Workflow> = IdMember<W> & ViewMembers<OrAnyOther<StatusOf<W>>, OrAnyOther<StageOf<W>>>;

/** All updates of one registration, folded into one view. */
export interface RegistrationView extends ViewOf<RegistrationWorkflow> {}
