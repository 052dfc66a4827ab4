import type { RegistrationView } from "regstream";

import { decodeProcessLog } from "./decode";
import { isFinalStatus, type LogEntry, type Registration } from "./model";
import { buildTimeline, type TimelineStage } from "./timeline";

/** The state of a registration's validation, merged from loaded data and the stream. */
export interface Progress {
  readonly status: string;
  readonly message: string;
  readonly isRunning: boolean;
  readonly isFinal: boolean;
  readonly timeline: readonly TimelineStage[];
  /** The validation has more stages than the timeline: a view holds 64. */
  readonly hasMoreStages: boolean;
}

/** How far a running validation is in its timeline. */
export interface StagePosition {
  /** Number of the running stage, from 1. Between two stages: of the next one. At most `total`. */
  readonly current: number;
  readonly done: number;
  readonly total: number;
  /** Name of that stage; null if the timeline is empty. */
  readonly name: string | null;
}

export function stagePosition(timeline: readonly TimelineStage[]): StagePosition {
  const total = timeline.length;
  const done = timeline.filter(({ state }) => state !== "pending" && state !== "started").length;
  const running = timeline.map(({ state }) => state).lastIndexOf("started");
  const next = timeline.findIndex(({ state }) => state === "pending");
  const index = running >= 0 ? running : next >= 0 ? next : total - 1;
  return { current: index + 1, done, total, name: timeline[index]?.name ?? null };
}

/**
 * Merges a loaded registration with the stream's view, which is newer and wins. `live` is null if the stream has
 * brought nothing yet, or nothing since a gap.
 */
export function mergeProgress(registration: Registration, live: RegistrationView | null): Progress {
  const status = live?.status || registration.status;
  const isFinal = live === null ? isFinalStatus(status) && !registration.validating : live.isFinal;
  const hasStages = live !== null && live.stages.length > 0;
  return {
    status,
    message: live?.message || (registration.message ?? ""),
    isRunning: !isFinal && (hasStages || registration.validating),
    isFinal,
    timeline: buildTimeline(logOfThisValidation(registration, live), live?.stages ?? []),
    hasMoreStages: live?.hasMoreStages ?? false,
  };
}

/**
 * The log that completes the stream's stages on a page that was opened during a validation. If no validation was
 * running when the log was loaded, but the stream has stages, then the log belongs to an earlier validation and is not
 * used.
 */
function logOfThisValidation(registration: Registration, live: RegistrationView | null): readonly LogEntry[] {
  if (live === null || live.stages.length === 0 || registration.validating) {
    return registration.processLog;
  }
  return decodeProcessLog(live.processLog);
}
