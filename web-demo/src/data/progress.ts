import type { RegistrationView } from "regstream";

import { decodeProcessLog } from "./decode";
import { isFinalStatus, type LogEntry, type Registration } from "./model";
import { buildTimeline, type TimelineStage } from "./timeline";

/** Where a registration's validation stands: what was loaded and what the stream said, in one. */
export interface Progress {
  readonly status: string;
  readonly message: string;
  readonly isRunning: boolean;
  readonly isFinal: boolean;
  readonly timeline: readonly TimelineStage[];
  /** The validation has stages that the timeline lacks: a view holds 64. */
  readonly hasMoreStages: boolean;
}

/** Where a running validation is in its timeline. */
export interface StagePosition {
  /** The stage that runs, counted from 1; between two stages the one that comes next. At most `total`. */
  readonly current: number;
  readonly done: number;
  readonly total: number;
  /** The stage's name. Null where the timeline is empty. */
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
 * Merges a loaded registration with the stream's view of it, which is newer and wins. `live` is null
 * where the stream has said nothing yet, or nothing since a gap.
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
 * The log that completes the stream's stages, for a page that was opened half-way. A log that was
 * loaded while nothing ran is that of an earlier validation, once the stream has stages of its own.
 */
function logOfThisValidation(registration: Registration, live: RegistrationView | null): readonly LogEntry[] {
  if (live === null || live.stages.length === 0 || registration.validating) {
    return registration.processLog;
  }
  return decodeProcessLog(live.processLog);
}
