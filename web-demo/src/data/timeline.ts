import type { StageView } from "regstream";
import { registrationWorkflow } from "regstream/workflow";

import { type LogEntry, type StageStatus, isTime } from "./model";

export type TimelineState = "pending" | StageStatus;

/** One stage as the timeline shows it. Times are milliseconds since the Unix epoch. */
export interface TimelineStage {
  readonly name: string;
  readonly state: TimelineState;
  readonly message: string;
  readonly startedAt: number | null;
  readonly endedAt: number | null;
}

/** The declared stages, in order. A deployment may have others. */
export const knownStages: readonly string[] = registrationWorkflow.stages.map(({ name }) => name);

/** Null if the time is missing (null or 0), or if no Date can hold it. */
function shownTime(timestamp: number | null): number | null {
  return isTime(timestamp) && timestamp > 0 ? timestamp : null;
}

function fromLog(log: readonly LogEntry[]): Map<string, TimelineStage> {
  const stages = new Map<string, TimelineStage>();
  for (const { stage, stageStatus, message, timestamp } of log) {
    const starts = stageStatus === "started";
    const at = shownTime(timestamp);
    stages.set(stage, {
      name: stage,
      state: stageStatus,
      message,
      startedAt: starts ? at : (stages.get(stage)?.startedAt ?? null),
      endedAt: starts ? null : at,
    });
  }
  return stages;
}

/**
 * The declared stages in order, each pending until the log or the stream has it, and then other stages in the order in
 * which they appeared. For a stage that both have, the stream wins.
 */
export function buildTimeline(log: readonly LogEntry[], live: readonly StageView[]): readonly TimelineStage[] {
  const stages = fromLog(log);
  for (const { name, status, message, startedAt, endedAt } of live) {
    stages.set(name, {
      name,
      state: status,
      message,
      startedAt: shownTime(startedAt),
      endedAt: shownTime(endedAt),
    });
  }
  const timeline: TimelineStage[] = knownStages.map(
    (name) => stages.get(name) ?? { name, state: "pending", message: "", startedAt: null, endedAt: null },
  );
  const known: ReadonlySet<string> = new Set(knownStages);
  for (const stage of stages.values()) {
    if (!known.has(stage.name)) timeline.push(stage);
  }
  return timeline;
}
