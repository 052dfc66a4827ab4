import type { RegistrationUpdate } from "regstream";
import { describe, expect, it } from "vitest";

import { appendToLog, currentLog, emptyStreamLog, type StreamLog } from "../src/data/processLog";
import { logEntry, noon, registration, stageView, update, view } from "./fixtures";

const started = update({ stage: "duplicate_check", stageStatus: "started", message: "Checking" });
const completed = update({ stage: "duplicate_check", stageStatus: "completed", message: "None", timestamp: noon + 9 });
const approved = update({ status: "APPROVED", message: "Approved", timestamp: noon + 10 });

const logOf = (...updates: (RegistrationUpdate | null)[]): StreamLog => updates.reduce(appendToLog, emptyStreamLog);

describe("the log that the stream brings", () => {
  it("has a line for each stage update, in order", () => {
    expect(logOf(started, completed).entries).toEqual([
      { stage: "duplicate_check", stageStatus: "started", message: "Checking", timestamp: noon },
      { stage: "duplicate_check", stageStatus: "completed", message: "None", timestamp: noon + 9 },
    ]);
  });

  it("stays after the final status, and starts again with the next validation", () => {
    const ended = logOf(started, completed, approved);
    expect(ended.entries).toHaveLength(2);
    expect(appendToLog(ended, completed).entries).toHaveLength(3);
    expect(appendToLog(appendToLog(ended, completed), started).entries).toEqual([
      expect.objectContaining({ message: "Checking" }),
    ]);
  });

  it("ends with a stage update whose status is final, unless the stage only starts", () => {
    expect(logOf({ ...completed, status: "FAILED" }).hasEnded).toBe(true);
    expect(logOf({ ...started, status: "FAILED" }).hasEnded).toBe(false);
  });

  it("has no line for a status update", () => {
    expect(logOf(update({ message: "In the queue" }))).toBe(emptyStreamLog);
  });

  it("is cleared when updates may have been missed", () => {
    expect(logOf(started, null)).toBe(emptyStreamLog);
  });

  it("holds the newest thousand lines", () => {
    const many = Array.from({ length: 1_002 }, (_, timestamp) => ({ ...started, timestamp }));
    const { entries } = logOf(...many);
    expect(entries).toHaveLength(1_000);
    expect(entries[0]?.timestamp).toBe(2);
  });

  it("keeps a line whose time no Date can hold, without the time", () => {
    expect(logOf({ ...started, timestamp: 2 ** 53 - 1 }).entries[0]?.timestamp).toBe(0);
  });
});

describe("the log that is shown", () => {
  const first = logEntry({ stageStatus: "started", message: "Checking" });
  const running = view();

  it("is the loaded log until the stream brings a stage", () => {
    const loaded = registration({ processLog: [first] });
    expect(currentLog(loaded, null, emptyStreamLog)).toEqual([first]);
    expect(currentLog(loaded, view({ stages: [] }), emptyStreamLog)).toEqual([first]);
  });

  it("grows with each stage update", () => {
    expect(currentLog(registration(), running, logOf(started))).toEqual([first]);
  });

  it("begins with the loaded lines of the same validation, each once", () => {
    const loaded = registration({ validating: true, processLog: [logEntry({ stage: "before" }), first] });
    const log = currentLog(loaded, running, logOf(started, completed));
    expect(log.map(({ stage, stageStatus }) => [stage, stageStatus])).toEqual([
      ["before", "completed"],
      ["duplicate_check", "started"],
      ["duplicate_check", "completed"],
    ]);
  });

  it("has nothing of an earlier validation", () => {
    const loaded = registration({ status: "FAILED", processLog: [logEntry({ message: "Earlier" })] });
    expect(currentLog(loaded, running, logOf(started))).toEqual([first]);
    expect(currentLog(loaded, view({ stages: [stageView()] }), logOf(started, approved))).toEqual([]);
  });

  it("is the final update's log at the end, else the lines from the stream", () => {
    const final = view({ status: "APPROVED", isFinal: true });
    const sent = [first, logEntry({ message: "None" })];
    expect(currentLog(registration(), { ...final, processLog: sent }, logOf(started))).toEqual(sent);
    expect(currentLog(registration(), final, logOf(started, approved))).toEqual([first]);
    expect(currentLog(registration({ processLog: [first] }), final, emptyStreamLog)).toEqual([first]);
  });
});
