import { describe, expect, it } from "vitest";

import { buildTimeline, knownStages } from "../src/data/timeline";
import { logEntry, noon, stageView } from "./fixtures";

describe("the timeline", () => {
  it("shows the declared stages as pending before any update", () => {
    const timeline = buildTimeline([], []);
    expect(timeline.map(({ name }) => name)).toEqual([...knownStages]);
    expect(timeline.every(({ state }) => state === "pending")).toBe(true);
  });

  it("reads a stage's start and end from two entries of the log", () => {
    const log = [
      logEntry({ stageStatus: "started", message: "Checking", timestamp: noon }),
      logEntry({ stageStatus: "completed", message: "No duplicate", timestamp: noon + 800 }),
    ];
    expect(buildTimeline(log, [])[0]).toEqual({
      name: "duplicate_check",
      state: "completed",
      message: "No duplicate",
      startedAt: noon,
      endedAt: noon + 800,
    });
  });

  it("has no start if only the end was logged", () => {
    const [stage] = buildTimeline([logEntry({ stageStatus: "skipped" })], []);
    expect(stage).toMatchObject({ state: "skipped", startedAt: null, endedAt: noon });
  });

  it("restarts a stage that starts again", () => {
    const log = [
      logEntry({ stageStatus: "started", timestamp: noon }),
      logEntry({ stageStatus: "failed", timestamp: noon + 1 }),
      logEntry({ stageStatus: "started", timestamp: noon + 2 }),
    ];
    const [stage] = buildTimeline(log, []);
    expect(stage).toMatchObject({ state: "started", startedAt: noon + 2, endedAt: null });
  });

  it("prefers the stream, and uses the log for stages that the stream lacks", () => {
    const log = [logEntry({ stage: "duplicate_check" }), logEntry({ stage: "t24_lookup", stageStatus: "started" })];
    const live = [stageView({ name: "t24_lookup", status: "failed", endedAt: noon + 5 })];
    const states = buildTimeline(log, live).map(({ state }) => state);
    expect(states).toEqual(["completed", "failed", "pending", "pending"]);
  });

  it("puts stages that are not declared after the others, in order of appearance", () => {
    const log = [logEntry({ stage: "kyc_review" })];
    const live = [stageView({ name: "sanctions" }), stageView({ name: "status_update" })];
    const names = buildTimeline(log, live).map(({ name }) => name);
    expect(names).toEqual([...knownStages, "kyc_review", "sanctions"]);
  });

  it("shows stages whose names are members of every object", () => {
    const live = [stageView({ name: "__proto__" }), stageView({ name: "constructor" })];
    const names = buildTimeline([], live).map(({ name }) => name);
    expect(names.slice(knownStages.length)).toEqual(["__proto__", "constructor"]);
  });

  it.each([0, Number.MAX_SAFE_INTEGER])("leaves out %j, which is no valid time", (time) => {
    const fromLog = buildTimeline([logEntry({ timestamp: time })], [])[0];
    const fromStream = buildTimeline([], [stageView({ startedAt: time, endedAt: time })])[0];
    expect(fromLog).toMatchObject({ state: "completed", startedAt: null, endedAt: null });
    expect(fromStream).toMatchObject({ state: "started", startedAt: null, endedAt: null });
  });
});
