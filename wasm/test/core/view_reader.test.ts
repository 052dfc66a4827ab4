import { beforeAll, beforeEach, describe, expect, it } from "vitest";

import type { Core } from "../../src/core/core.js";
import type { RegistrationClient, RegistrationViewReader } from "../fakes.js";
import { createViewReader, openClient, primeCore, stageUpdate } from "../fakes.js";

let core: Core;
let client: RegistrationClient;
let reader: RegistrationViewReader;

beforeAll(async () => {
  core = await primeCore();
});

beforeEach(() => {
  client = openClient(core, 42);
  reader = createViewReader();
  return () => client.dispose();
});

function send(message: unknown) {
  client.event(1, JSON.stringify(message), undefined, 1)?.readViews(() => reader);
  return reader.view;
}

const update = (data: Record<string, unknown>) => ({ type: "update", data: { registrationId: 42, ...data } });

describe("the view", () => {
  it("is null before the first message", () => {
    expect(send({ type: "ping", timestamp: 1 })).toBe(null);
    expect(reader.toJson()).toBe("");
  });

  it("is null before the first message, and its JSON still says that updates may have been missed", () => {
    expect(send({ type: "reset", timestamp: 1 })).toBe(null);
    const kept = JSON.parse(reader.toJson()) as unknown;
    expect(kept).toEqual({ registrationId: 42, hasEnded: false, hasGap: true, hasLostHistory: true });
    expect(send(stageUpdate("duplicate_check", "started", 5))).toMatchObject({ hasGap: true });
    expect(JSON.parse(reader.toJson())).toMatchObject({ status: "PENDING", hasGap: true, hasLostHistory: false });
  });

  it("has everything that the updates said", () => {
    send(stageUpdate("duplicate_check", "started", 5));
    send(stageUpdate("t24_lookup", "failed", 0, { message: "ደንበኛ 😀" }));
    const end = { status: "DUPLICATE", message: "m", details: { a: [1] }, processLog: [{}], timestamp: 9, id: "8-9" };
    expect(send(update(end))).toEqual({
      registrationId: 42,
      status: "DUPLICATE",
      stage: "t24_lookup",
      stages: [
        { name: "duplicate_check", status: "completed", message: expect.any(String), startedAt: 5, endedAt: 9 },
        { name: "t24_lookup", status: "failed", message: "ደንበኛ 😀", startedAt: null, endedAt: null },
      ],
      hasMoreStages: false,
      message: "m",
      details: { a: [1] },
      processLog: [{}],
      timestamp: 9,
      isFinal: true,
      progress: { stagesDone: 4, stagesTotal: 4 },
      hasGap: false,
      id: "8-9",
    });
  });

  it("is immutable", () => {
    send(stageUpdate("duplicate_check", "started", 5));
    const view = send(update({ status: "FAILED", details: { deep: [{ value: 1 }] }, processLog: [[1]], timestamp: 9 }));
    const shallow = [view, view?.stages, view?.stages[0], view?.progress, view?.details, view?.processLog];
    const objects = [...shallow, view?.details?.["deep"], view?.processLog?.[0]];
    expect(objects.map(Object.isFrozen)).toEqual(objects.map(() => true));
  });

  it("keeps the object of what did not change", () => {
    send(stageUpdate("duplicate_check", "completed", 5, { details: { accountsFound: 5 }, processLog: [1] }));
    const before = send(stageUpdate("t24_lookup", "started", 6));
    const after = send(stageUpdate("t24_lookup", "completed", 7));
    expect(after).not.toBe(before);
    expect(after?.stages).not.toBe(before?.stages);
    expect(after?.stages[0]).toBe(before?.stages[0]);
    expect(after?.stages[1]).not.toBe(before?.stages[1]);
    expect(after?.details).toBe(before?.details);
    expect(after?.processLog).toBe(before?.processLog);
    const marked = send({ type: "reset", timestamp: 8 });
    expect(marked).toEqual({ ...after, hasGap: true });
    expect(marked?.stages).toBe(after?.stages);
    expect(marked?.progress).toBe(after?.progress);
  });

  it("is another object after any change, even back to the same values", () => {
    const snapshot = { type: "snapshot", data: { registrationId: 42, status: "PENDING", message: "m", id: "8-9" } };
    const before = send(snapshot);
    send({ type: "reset", timestamp: 8 });
    const after = send(snapshot);
    expect(after).toEqual(before);
    expect(after).not.toBe(before);
    expect(send(snapshot)).toBe(after);
  });

  it("is made at the first access from the last record, and keeps earlier objects", () => {
    const read = (message: unknown) =>
      void client.event(1, JSON.stringify(message), undefined, 1)?.readViews(() => reader);
    const before = send(stageUpdate("duplicate_check", "completed", 5));
    read(stageUpdate("t24_lookup", "started", 6));
    read(update({ status: "FAILED", message: "ደንበኛ", details: { large: "x".repeat(100_000) }, timestamp: 7 }));
    expect(reader.isFinal).toBe(true);
    // The module's memory belongs to a later call by now.
    createViewReader();
    client.event(1, JSON.stringify({ type: "ping", timestamp: 8 }), undefined, 1);
    expect(reader.view).toMatchObject({ status: "FAILED", message: "ደንበኛ", isFinal: true, timestamp: 7 });
    expect(reader.view?.details?.["large"]).toHaveLength(100_000);
    expect(reader.view?.stages[0]).toBe(before?.stages[0]);
    expect(reader.view).toBe(reader.view);
    expect(send(stageUpdate("t24_lookup", "started", 9))).toMatchObject({ isFinal: false, details: null });
    expect(reader.isFinal).toBe(false);
  });

  it("has new details if their text changed, and none if they are gone", () => {
    const details = (view: ReturnType<typeof send>) => [view?.details, view?.processLog];
    const first = details(send(update({ status: "FAILED", details: { a: 1 }, processLog: [1], timestamp: 5 })));
    const second = details(send(update({ status: "FAILED", details: { a: 1 }, processLog: [2], timestamp: 6 })));
    expect(second).toEqual([{ a: 1 }, [2]]);
    expect(reader.view?.details).toBe(first[0]);
    expect(details(send(stageUpdate("duplicate_check", "started", 7)))).toEqual([null, null]);
    expect(details(send(update({ status: "FAILED", details: { a: 1 }, timestamp: 8 })))).toEqual([{ a: 1 }, null]);
  });

  it("has 64 stages at most, and says that there are more", () => {
    for (let stage = 1; stage <= 65; ++stage) {
      send(stageUpdate(`stage ${stage}`, "completed", stage));
    }
    expect(reader.view).toMatchObject({ hasMoreStages: true, progress: { stagesDone: 64, stagesTotal: 64 } });
    const names = Array.from({ length: 64 }, (_, index) => `stage ${index + 1}`);
    expect(reader.view?.stages.map(({ name }) => name)).toEqual(names);
  });

  it("is read completely if it made the module's memory grow", () => {
    const before = core.exports.memory.buffer.byteLength;
    const filler = "x".repeat(before);
    const view = send(stageUpdate("duplicate_check", "completed", 5, { details: { filler } }));
    expect(core.exports.memory.buffer.byteLength).toBeGreaterThan(before);
    expect(view).toMatchObject({ details: { filler }, stages: [{ name: "duplicate_check", endedAt: 5 }] });
  });
});
