import { describe, expect, it } from "vitest";

import { mergeProgress, stagePosition } from "../src/data/progress";
import type { TimelineState } from "../src/data/timeline";
import { logEntry, registration, stageView, view } from "./fixtures";

describe("progress without updates from the stream", () => {
  it("is the loaded state", () => {
    const loaded = registration({ processLog: [logEntry()] });
    const progress = mergeProgress(loaded, null);
    expect(progress).toMatchObject({
      status: "PENDING",
      message: "",
      isRunning: false,
      isFinal: false,
    });
    expect(progress.timeline[0]?.state).toBe("completed");
  });

  it("has ended if the loaded status is final", () => {
    const loaded = registration({ status: "DUPLICATE", message: "Exists" });
    expect(mergeProgress(loaded, null)).toMatchObject({
      status: "DUPLICATE",
      message: "Exists",
      isRunning: false,
      isFinal: true,
    });
  });

  it("is running if a registration with a final status is validated again", () => {
    const loaded = registration({ status: "FAILED", validating: true });
    expect(mergeProgress(loaded, null)).toMatchObject({ isRunning: true, isFinal: false });
  });

  it("does not count a status that is not declared as final", () => {
    const loaded = registration({ status: "ON_HOLD" });
    expect(mergeProgress(loaded, null)).toMatchObject({ status: "ON_HOLD", isFinal: false });
  });
});

describe("progress with the stream", () => {
  it("follows the stream's status and message", () => {
    const loaded = registration({ message: "Validation started", validating: true });
    const live = view({ status: "APPROVED", message: "Approved", isFinal: true });
    expect(mergeProgress(loaded, live)).toMatchObject({
      status: "APPROVED",
      message: "Approved",
      isRunning: false,
      isFinal: true,
    });
  });

  it("keeps the loaded status and message if the stream's are empty", () => {
    const loaded = registration({ status: "FAILED", message: "T24 is down" });
    const live = view({ status: "", message: "", stages: [] });
    expect(mergeProgress(loaded, live)).toMatchObject({ status: "FAILED", message: "T24 is down" });
  });

  it("is running as soon as the stream has a stage, whatever was loaded", () => {
    expect(mergeProgress(registration({ status: "FAILED" }), view())).toMatchObject({
      status: "PENDING",
      isRunning: true,
      isFinal: false,
    });
  });

  it("is not running after an update without a stage", () => {
    expect(mergeProgress(registration(), view({ stage: null, stages: [] })).isRunning).toBe(false);
  });
});

describe("the log that completes the stream's stages", () => {
  const logged = logEntry({ message: "From the log" });
  const later = view({ stage: "t24_lookup", stages: [stageView({ name: "t24_lookup" })] });

  it("is the loaded log during that validation, for a page that was opened in the middle", () => {
    const loaded = registration({ validating: true, processLog: [logged] });
    const states = mergeProgress(loaded, later).timeline.map(({ state }) => state);
    expect(states).toEqual(["completed", "started", "pending", "pending"]);
  });

  it("is not the log of an earlier validation", () => {
    const loaded = registration({ status: "FAILED", processLog: [logged] });
    expect(mergeProgress(loaded, later).timeline[0]?.state).toBe("pending");
  });

  it("is the final message's own log if it has one", () => {
    const final = { ...later, status: "APPROVED", isFinal: true, processLog: [logged, "note"] };
    const [stage] = mergeProgress(registration(), final).timeline;
    expect(stage).toMatchObject({ state: "completed", message: "From the log" });
  });
});

describe("the position of a validation", () => {
  const positionOf = (...states: TimelineState[]) =>
    stagePosition(
      states.map((state, index) => ({ name: `s${index + 1}`, state, message: "", startedAt: null, endedAt: null })),
    );

  it.each<[TimelineState[], number, number]>([
    [["started", "pending"], 1, 0],
    [["completed", "started"], 2, 1],
    // Between two stages: the next one.
    [["completed", "pending"], 2, 1],
    [["failed", "skipped"], 2, 2],
    // Two at a time: the later one.
    [["started", "started"], 2, 0],
  ])("of %j is stage %i, with %i done", (states, current, done) => {
    expect(positionOf(...states)).toEqual({ current, done, total: 2, name: `s${current}` });
  });

  it("is 0 without stages", () => {
    expect(positionOf()).toEqual({ current: 0, done: 0, total: 0, name: null });
  });
});
