/** The backend's data, as `decode.ts` has validated it. */

import { isFinalStatus as isFinalStatusOf, registrationWorkflow } from "regstream/workflow";

export type StageStatus = "started" | "completed" | "failed" | "skipped";

export interface Account {
  readonly number: string;
  readonly type: string;
  readonly currency: string;
  readonly status: string;
}

export interface LogEntry {
  readonly stage: string;
  readonly stageStatus: StageStatus;
  readonly message: string;
  /** Milliseconds since the Unix epoch. */
  readonly timestamp: number;
}

export interface RegistrationSummary {
  readonly id: number;
  readonly customerName: string;
  readonly customerNumber: string;
  readonly phone: string;
  readonly branch: string;
  readonly status: string;
  readonly message: string | null;
  readonly validating: boolean;
  /** Milliseconds since the Unix epoch. */
  readonly submittedAt: number;
  /** Milliseconds since the Unix epoch. */
  readonly updatedAt: number;
}

/** The newest registrations. */
export interface RegistrationList {
  readonly registrations: readonly RegistrationSummary[];
  /** The backend has older registrations that are not in the list. */
  readonly hasMore: boolean;
}

export interface Registration extends RegistrationSummary {
  readonly email: string | null;
  readonly nationalId: string;
  readonly accounts: readonly Account[];
  readonly details: Readonly<Record<string, unknown>> | null;
  readonly processLog: readonly LogEntry[];
  readonly mobileUserId: string | null;
  readonly elixirUserId: string | null;
}

/** The fields of a new request, by the backend's names. */
export interface NewRegistration {
  readonly customerName: string;
  readonly customerNumber: string;
  readonly phone: string;
  readonly branch: string;
  readonly nationalId: string;
  readonly email?: string;
}

/**
 * Whether a Date can hold the value. Formatting any other number throws. The contract allows slightly larger
 * timestamps, up to 2^53 - 1.
 */
export function isTime(value: unknown): value is number {
  return typeof value === "number" && Math.abs(value) <= 8.64e15;
}

/** The declared statuses, in order. A deployment may have others. */
export const knownStatuses: readonly string[] = registrationWorkflow.statuses.map(({ name }) => name);

/** Whether validation has ended with this status. A status that is not declared is not final. */
export function isFinalStatus(status: string): boolean {
  return isFinalStatusOf(registrationWorkflow, status);
}
