import { describe, expect, it, vi } from "vitest";

import type { RegistrationUpdate } from "../../src/shared/messages.js";
import { fakeRegistrationStream, fakeWorkflowStream } from "../../src/testing.js";
import { csvImport } from "../workflow/csv_import.js";

async function openFake(options: Parameters<typeof fakeRegistrationStream>[0] = { registrationId: 42 }) {
  const fake = await fakeRegistrationStream(options);
  fake.stream.connect();
  await fake.open();
  return fake;
}

describe("a fake stream", () => {
  it("opens, folds updates, is lost, and comes back by the clock", async () => {
    const fake = await fakeRegistrationStream({ registrationId: 42 });
    const { stream } = fake;
    const heard: string[] = [];
    stream.subscribe(({ connection, registration }) => heard.push(registration?.message ?? connection));
    stream.connect();
    expect(fake.isOpen).toBe(false);
    await fake.open();
    expect(fake.isOpen).toBe(true);
    fake.update({ stage: "t24_lookup", stageStatus: "started", message: "Looking for accounts" });
    expect(stream.getSnapshot()).toMatchObject({
      isConnected: true,
      registration: { status: "PENDING", stages: [{ name: "t24_lookup", status: "started" }], isFinal: false },
    });
    fake.lose();
    expect(stream.getSnapshot().connection).toBe("waiting");
    fake.clock.advance(2_000);
    await fake.open();
    fake.update({ status: "APPROVED", message: "Customer validated successfully" });
    expect(stream.getSnapshot()).toMatchObject({
      connections: 2,
      registration: { message: "Customer validated successfully", isFinal: true },
    });
    expect(heard.at(-1)).toBe("Customer validated successfully");
    expect(fake.requests).toEqual([
      "/api/registrations/updates/stream?registrationId=42",
      "/api/registrations/updates/stream?registrationId=42&lastEventId=1702493000000-1",
    ]);
  });

  it("opens a stream that asks only later", async () => {
    const fake = await fakeRegistrationStream({ registrationId: 42 });
    const opened = fake.open();
    fake.stream.connect();
    await opened;
    expect(fake.stream.getSnapshot().isConnected).toBe(true);
  });

  it("refuses with a status", async () => {
    const fake = await fakeRegistrationStream({ registrationId: 42 });
    fake.stream.connect();
    await fake.refuse(401);
    expect(fake.stream.getSnapshot()).toMatchObject({
      connection: "closed",
      reason: "unauthorized",
      error: { kind: "refused", message: "The server refused the stream for good: unauthorized (status 401)" },
    });
  });

  it("comes back after a temporary refusal", async () => {
    const fake = await fakeRegistrationStream({ registrationId: 42 });
    fake.stream.connect();
    await fake.refuse(503);
    expect(fake.stream.getSnapshot()).toMatchObject({ connection: "waiting", error: null });
    fake.clock.advance(10_000);
    await fake.open();
    expect(fake.stream.getSnapshot().isConnected).toBe(true);
  });

  it("sends a reset, and then a snapshot", async () => {
    const fake = await openFake();
    fake.update({ message: "one" });
    fake.reset();
    expect(fake.stream.getSnapshot()).toMatchObject({ resets: 1, registration: { hasGap: true } });
    fake.snapshot({
      status: "FAILED",
      stages: [{ name: "duplicate_check", status: "completed", startedAt: 10, endedAt: 20 }],
      details: { accountsFound: 0 },
      processLog: ["looked"],
    });
    expect(fake.stream.getSnapshot().registration).toMatchObject({
      hasGap: false,
      isFinal: true,
      stages: [{ name: "duplicate_check", status: "completed", startedAt: 10, endedAt: 20 }],
      details: { accountsFound: 0 },
      processLog: ["looked"],
    });
  });

  it("treats silence as a loss, and a ping as a sign of life", async () => {
    const fake = await openFake();
    fake.clock.advance(60_000);
    fake.ping();
    fake.clock.advance(60_000);
    expect(fake.stream.getSnapshot().isConnected).toBe(true);
    const reasons: string[] = [];
    fake.stream.subscribe(({ reason }) => reasons.push(reason));
    fake.clock.advance(60_000);
    expect(fake.stream.getSnapshot().isConnected).toBe(false);
    expect(reasons[0]).toBe("silent");
  });

  it("ends a stream that is until the final update", async () => {
    const fake = await openFake({ registrationId: 42, until: "final" });
    const { finished } = fake.stream;
    fake.update({ status: "APPROVED", message: "Done" });
    await expect(finished).resolves.toMatchObject({ message: "Done" });
    expect(fake.stream.getSnapshot()).toMatchObject({ connection: "closed", reason: "finished", error: null });
  });

  it("sends the window's signals", async () => {
    const fake = await openFake();
    fake.lose();
    fake.signal("offline");
    fake.clock.advance(2_000);
    expect(fake.stream.getSnapshot()).toMatchObject({ connection: "waiting", reason: "offline" });
    fake.signal("online");
    fake.clock.advance(2_000);
    await fake.open();
    expect(fake.stream.getSnapshot().isConnected).toBe(true);
  });

  it("sends malformed data unchanged", async () => {
    const fake = await openFake();
    fake.send("{");
    expect(fake.stream.getSnapshot()).toMatchObject({ error: { kind: "malformed_message" }, resets: 1 });
  });

  it("sends an update to the streams that follow its registration", async () => {
    const fake = await openFake({});
    const updates: RegistrationUpdate[] = [];
    fake.stream.subscribeToUpdates((update) => updates.push(update));
    fake.update({ registrationId: 41, message: "one" });
    fake.update({ registrationId: 42, message: "two", extra: 1 } as object);
    expect(updates).toMatchObject([
      { registrationId: 41, status: "PENDING", message: "one", id: "1702493000000-1" },
      { registrationId: 42, status: "PENDING", message: "two", id: "1702493000000-2", extra: 1 },
    ]);
  });

  it("works for any workflow, and for several ids", async () => {
    const fake = await fakeWorkflowStream(csvImport, { ids: ["a.csv", "b.csv"] });
    fake.stream.connect();
    await fake.open();
    fake.update({ file: "b.csv", message: "Reading" });
    expect(fake.stream.view("b.csv")).toMatchObject({ message: "Reading", status: csvImport.stageUpdateStatus });
  });

  it("gives components its network, and works detached", async () => {
    const { options, open, update, requests } = await fakeRegistrationStream({ registrationId: 42 });
    const { RegistrationStream } = await import("../../src/index.js");
    const stream = new RegistrationStream({ ...options, registrationId: 42, url: "/elsewhere" });
    stream.connect();
    await open();
    update({ message: "Hello" });
    expect(stream.getSnapshot().registration?.message).toBe("Hello");
    expect(requests).toEqual([]);
    stream.close();
  });
});

describe("a test's mistakes", () => {
  it("are named: nothing is open", async () => {
    const fake = await fakeRegistrationStream({ registrationId: 42 });
    const isNeeded = /needs an open stream: connect one and await open\(\)/;
    expect(() => fake.update({ message: "one" })).toThrow(isNeeded);
    expect(() => fake.lose()).toThrow(isNeeded);
    expect(() => fake.reset()).toThrow(isNeeded);
  });

  it("are named: no stream follows that registration, or none is given", async () => {
    const one = await openFake();
    expect(() => one.update({ registrationId: 43 })).toThrow("update(): no open stream follows registrationId 43");
    const all = await openFake({});
    expect(() => all.snapshot({ status: "PENDING" })).toThrow("snapshot() needs registrationId");
  });

  it("are named: no stream asks for updates", async () => {
    vi.useFakeTimers();
    try {
      const fake = await fakeRegistrationStream({ registrationId: 42 });
      const opened = expect(fake.open()).rejects.toThrow(/none did: connect the stream/);
      vi.advanceTimersByTime(1_000);
      await opened;
      fake.stream.connect();
      await fake.open();
      const again = expect(fake.open()).rejects.toThrow(/the stream is open already/);
      vi.advanceTimersByTime(1_000);
      await again;
    } finally {
      vi.useRealTimers();
    }
  });
});
