import type { StageView } from "regstream";

import type { LogEntry, StageStatus } from "./model";

export type TimelineState = "pending" | StageStatus;

/** One stage as the timeline shows it. Times are milliseconds since the Unix epoch. */
export interface TimelineStage {
  readonly name: string;
  readonly state: TimelineState;
  readonly message: string;
  readonly startedAt: number | null;
  readonly endedAt: number | null;
}

/** The stages of the given workflow, in order. A deployment may have others. */
export const knownStages = [
  "duplicate_check",
  "t24_lookup",
  "account_validation",
  "status_update",
] as const;

function fromLog(log: readonly LogEntry[]): Map<string, TimelineStage> {
  const stages = new Map<string, TimelineStage>();
  for (const { stage, stageStatus, message, timestamp } of log) {
    const starts = stageStatus === "started";
    stages.set(stage, {
      name: stage,
      state: stageStatus,
      message,
      startedAt: starts ? timestamp : (stages.get(stage)?.startedAt ?? null),
      endedAt: starts ? null : timestamp,
    });
  }
  return stages;
}

/**
 * The known stages in order, each pending until something is heard of it, and then any other stage in
 * the order of its appearance. What the stream says of a stage beats what the log says.
 */
export function buildTimeline(
  log: readonly LogEntry[],
  live: readonly StageView[],
): readonly TimelineStage[] {
  const stages = fromLog(log);
  for (const { name, status, message, startedAt, endedAt } of live) {
    stages.set(name, { name, state: status, message, startedAt, endedAt });
  }
  const timeline: TimelineStage[] = knownStages.map(
    (name) =>
      stages.get(name) ?? { name, state: "pending", message: "", startedAt: null, endedAt: null },
  );
  const known: ReadonlySet<string> = new Set(knownStages);
  for (const stage of stages.values()) {
    if (!known.has(stage.name)) timeline.push(stage);
  }
  return timeline;
}
