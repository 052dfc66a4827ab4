import { describe, expect, it, vi } from "vitest";

import type { Core } from "../../src/core/core.js";
import { loadCore } from "../../src/core/load_core.js";
import { CoreClient } from "../../src/core/core_client.js";
import type { RegistrationStreamOptions, StreamSnapshot } from "../../src/browser/stream_options.js";
import { createNetwork, primeCore, settle, stageUpdate } from "../fakes.js";
import { createTestStream } from "./test_stream.js";

function createStream(options: RegistrationStreamOptions = {}) {
  const network = createNetwork();
  return { network, ...createTestStream({ eventSource: network.EventSource, ...options }) };
}

async function openStream(options: RegistrationStreamOptions = {}) {
  const created = createStream(options);
  created.stream.connect();
  await settle();
  created.network.last.accept();
  created.network.last.send({ type: "connected", timestamp: 1 });
  return created;
}

describe("a stream's connection", () => {
  it("touches nothing before it is asked to connect", () => {
    const load = vi.fn(() => loadCore());
    const { stream, network, clock } = createStream({ loadCore: load });
    expect(stream.getSnapshot()).toMatchObject({ connection: "idle", isConnected: false });
    expect(load).not.toHaveBeenCalled();
    expect(network.sources).toHaveLength(0);
    expect(clock.timers).toBe(0);
  });

  it("opens one EventSource for its registration, however often it is asked", async () => {
    const { stream, network } = createStream();
    stream.connect();
    stream.connect();
    expect(stream.getSnapshot().connection).toBe("connecting");
    await settle();
    stream.connect();
    expect(network.sources.map((source) => source.url)).toEqual([
      "/api/registrations/updates/stream?registrationId=42",
    ]);
    network.last.accept();
    expect(stream.getSnapshot()).toMatchObject({
      connection: "open",
      reason: "accepted",
      isConnected: true,
      connections: 1,
    });
  });

  it("is disconnected at once when the connection is lost, and reconnects by itself", async () => {
    const { stream, network, clock } = await openStream();
    network.last.lose();
    expect(stream.getSnapshot()).toMatchObject({
      connection: "waiting",
      reason: "ended",
      isConnected: false,
    });
    expect(network.live).toBe(0);
    clock.advance(999);
    expect(network.sources).toHaveLength(1);
    clock.advance(1_001);
    expect(network.sources).toHaveLength(2);
    expect(stream.getSnapshot().connection).toBe("connecting");
    network.last.accept();
    expect(stream.getSnapshot()).toMatchObject({ isConnected: true, connections: 2 });
  });

  it("sends the cursor with which it resumes", async () => {
    const { network, clock } = await openStream();
    network.last.send({ type: "connected", timestamp: 1 }, "1700-6");
    network.last.send(stageUpdate("duplicate_check", "started", 10), "1700-7");
    network.last.send({ type: "ping", timestamp: 11 }, "1700-7");
    network.last.lose();
    clock.advance(2_000);
    expect(network.last.url).toBe("/api/registrations/updates/stream?registrationId=42&lastEventId=1700-7");
    // The new connection fails before it named an id: the cursor stays.
    network.last.accept();
    network.last.send({ type: "ping", timestamp: 12 });
    network.last.lose();
    clock.advance(10_000);
    expect(network.sources).toHaveLength(3);
    expect(network.last.url).toMatch(/lastEventId=1700-7$/);
  });

  it("keeps trying through refusals that EventSource hides, less and less often, up to a cap", async () => {
    const { stream, network, clock } = createStream();
    stream.connect();
    await settle();
    for (let attempt = 1; attempt <= 30; ++attempt) {
      expect(network.sources).toHaveLength(attempt);
      network.last.refuse();
      expect(stream.getSnapshot()).toMatchObject({ connection: "waiting", reason: "refused" });
      clock.advance(11_000);
    }
  });

  it("stops at a refusal under the standard policy, until the next connect", async () => {
    const { stream, network, clock, signals } = createStream({ policy: "standard" });
    stream.connect();
    await settle();
    network.last.refuse();
    expect(stream.getSnapshot()).toMatchObject({
      connection: "closed",
      reason: "refused_for_good",
      error: { kind: "refused" },
    });
    expect(clock.timers).toBe(0);
    expect(signals.listeners).toBe(0);
    stream.connect();
    await settle();
    expect(network.sources).toHaveLength(2);
    expect(stream.getSnapshot()).toMatchObject({ connection: "connecting", error: null });
  });

  it("knows no status of a refusal, though an earlier attempt was accepted", async () => {
    const { stream, network, clock } = await openStream({ policy: "standard" });
    network.last.lose();
    clock.advance(2_000);
    network.last.refuse();
    expect(stream.getSnapshot().error?.message).toBe("The server refused the stream for good: refused_for_good");
  });

  it("gives up an attempt that gets no answer, and tries again", async () => {
    const { stream, network, clock } = createStream();
    stream.connect();
    await settle();
    clock.advance(15_000);
    expect(stream.getSnapshot()).toMatchObject({ connection: "waiting", reason: "timed_out" });
    expect(network.live).toBe(0);
    clock.advance(2_000);
    expect(network.sources).toHaveLength(2);
  });

  it("notices a connection that has gone silent; pings keep it", async () => {
    const { stream, network, clock } = await openStream();
    for (let ping = 0; ping < 10; ++ping) {
      clock.advance(30_000);
      network.last.send({ type: "ping", timestamp: ping });
    }
    expect(network.sources).toHaveLength(1);
    clock.advance(75_000);
    expect(stream.getSnapshot()).toMatchObject({ connection: "waiting", reason: "silent" });
    expect(network.live).toBe(0);
  });

  it("has one timer at most, and does not move it for each message", async () => {
    const { network, clock } = await openStream();
    const setTimer = vi.spyOn(clock, "setTimer");
    for (let index = 0; index < 100; ++index) {
      clock.advance(10);
      network.last.send(stageUpdate("t24_lookup", "started", index));
    }
    expect(clock.timers).toBe(1);
    expect(setTimer.mock.calls.length).toBeLessThan(3);
  });

  it.each(["online", "visible", "restored"] as const)("tries at once when it is %s", async (signal) => {
    const { stream, network, clock, signals } = await openStream();
    clock.advance(1_000);
    network.last.lose();
    signals.send(signal);
    expect(network.sources).toHaveLength(2);
    expect(stream.getSnapshot().reason).toBe("woken");
  });

  it("asks a dead server at most once a second, however often the tab is switched", async () => {
    const { network, clock, signals } = await openStream();
    for (let flip = 0; flip < 100; ++flip) {
      network.last.lose();
      signals.send("visible");
      clock.advance(100);
    }
    expect(network.sources).toHaveLength(11);
  });

  it("rarely tries while offline, and at once when online again", async () => {
    const { stream, network, clock, signals } = await openStream();
    network.last.lose();
    signals.send("offline");
    expect(stream.getSnapshot()).toMatchObject({ connection: "waiting", reason: "offline" });
    clock.advance(59_000);
    expect(network.sources).toHaveLength(1);
    signals.send("online");
    expect(network.sources).toHaveLength(2);
  });

  it("replaces the connection of a page that was restored", async () => {
    const { network, clock, signals } = await openStream();
    clock.sleep(60_000);
    signals.send("restored");
    expect(network.sources).toHaveLength(2);
    expect(network.live).toBe(1);
  });

  it("notices after a long sleep that the connection is dead", async () => {
    const { network, clock, signals } = await openStream();
    clock.sleep(3_600_000);
    signals.send("visible");
    expect(network.sources).toHaveLength(2);
    expect(network.live).toBe(1);
  });

  it("drops late events of an abandoned EventSource", async () => {
    const { stream, network, clock, updates } = await openStream();
    const first = network.last;
    const { onmessage, onerror } = first;
    first.lose();
    clock.advance(2_000);
    network.last.accept();
    const before = stream.getSnapshot();
    onmessage?.call(
      first,
      new MessageEvent("message", {
        data: JSON.stringify(stageUpdate("t24_lookup", "failed", 99)),
        lastEventId: "0-1",
      }),
    );
    onerror?.call(first, new Event("error"));
    expect(stream.getSnapshot()).toBe(before);
    expect(updates).toEqual([]);
    expect(network.live).toBe(1);
  });

  it("releases everything when closed, and resumes at its cursor when it connects again", async () => {
    const { stream, network, clock, signals } = await openStream();
    network.last.send(stageUpdate("duplicate_check", "started", 10), "5-1");
    const { registration } = stream.getSnapshot();
    stream.close();
    expect(stream.getSnapshot()).toMatchObject({
      connection: "closed",
      reason: "requested",
      isConnected: false,
    });
    expect(stream.getSnapshot().registration).toBe(registration);
    expect([network.live, clock.timers, signals.listeners]).toEqual([0, 0, 0]);
    stream.connect();
    await settle();
    expect(network.last.url).toMatch(/lastEventId=5-1$/);
    network.last.accept();
    network.last.send(stageUpdate("duplicate_check", "completed", 20), "5-2");
    expect(stream.getSnapshot().registration?.stages).toEqual([
      {
        name: "duplicate_check",
        status: "completed",
        message: "duplicate_check completed",
        startedAt: 10,
        endedAt: 20,
      },
    ]);
  });

  it("can be closed while the module loads", async () => {
    const { stream, network } = createStream();
    stream.connect();
    stream.close();
    await settle();
    expect(network.live).toBe(0);
    expect(stream.getSnapshot().connection).toBe("closed");
  });
});

describe("what a stream makes of messages", () => {
  it("folds stage updates into the registration", async () => {
    const { stream, network } = await openStream();
    network.last.send(stageUpdate("duplicate_check", "started", 10));
    network.last.send(stageUpdate("duplicate_check", "completed", 20));
    network.last.send(stageUpdate("t24_lookup", "started", 30));
    expect(stream.getSnapshot().registration).toEqual({
      registrationId: 42,
      status: "PENDING",
      stage: "t24_lookup",
      stages: [
        {
          name: "duplicate_check",
          status: "completed",
          message: "duplicate_check completed",
          startedAt: 10,
          endedAt: 20,
        },
        {
          name: "t24_lookup",
          status: "started",
          message: "t24_lookup started",
          startedAt: 30,
          endedAt: null,
        },
      ],
      message: "t24_lookup started",
      details: null,
      processLog: null,
      timestamp: 30,
      isFinal: false,
      progress: { stagesDone: 1, stagesTotal: 4 },
      hasGap: false,
      hasMoreStages: false,
      id: null,
    });
    network.last.send({
      type: "update",
      data: {
        registrationId: 42,
        status: "APPROVED",
        message: "Customer validated successfully",
        details: { accountsFound: 5 },
        processLog: [{ stage: "t24_lookup" }],
        timestamp: 40,
      },
    });
    expect(stream.getSnapshot().registration).toMatchObject({
      status: "APPROVED",
      details: { accountsFound: 5 },
      processLog: [{ stage: "t24_lookup" }],
      isFinal: true,
      progress: { stagesDone: 4, stagesTotal: 4 },
    });
  });

  it("drops an update that the view has, and an older snapshot", async () => {
    const { stream, network } = await openStream();
    const snapshot = {
      type: "snapshot",
      data: { registrationId: 42, status: "PENDING", hasGap: true, id: "5-2" },
      timestamp: 20,
    };
    network.last.send(snapshot, "5-2");
    const { registration } = stream.getSnapshot();
    expect(registration).toMatchObject({ id: "5-2", hasGap: true });
    const update = { registrationId: 42, status: "APPROVED", message: "ok", timestamp: 30 };
    network.last.send({ type: "update", data: { ...update, id: "5-1" } });
    expect(stream.getSnapshot().registration).toBe(registration);
    network.last.send({ type: "update", data: { ...update, id: "5-3" } });
    expect(stream.getSnapshot().registration).toMatchObject({ id: "5-3", isFinal: true });
    network.last.send({ ...snapshot, data: { ...snapshot.data, hasGap: false, id: "5-4" } });
    const approved = stream.getSnapshot().registration;
    expect(approved).toMatchObject({ id: "5-4", status: "PENDING", hasGap: false });
    network.last.send(snapshot);
    expect(stream.getSnapshot().registration).toBe(approved);
  });

  it("takes a snapshot as the view, not as an update", async () => {
    const { stream, network, updates } = await openStream();
    const data = {
      registrationId: 42,
      status: "FAILED",
      stage: "duplicate_check",
      stages: [
        {
          stage: "duplicate_check",
          stageStatus: "failed",
          message: "No answer",
          startedAt: 10,
          endedAt: 20,
        },
      ],
      message: "Validation failed",
      details: null,
      processLog: null,
      timestamp: 20,
      isFinal: true,
    };
    network.last.send({ type: "snapshot", data, timestamp: 30 });
    expect(stream.getSnapshot()).toMatchObject({
      latestUpdate: null,
      registration: {
        ...data,
        stages: [
          {
            name: "duplicate_check",
            status: "failed",
            message: "No answer",
            startedAt: 10,
            endedAt: 20,
          },
        ],
      },
    });
    expect(updates).toEqual([]);
    network.last.send({ type: "snapshot", data, timestamp: 40 });
    network.last.send({ type: "snapshot", data: { ...data, registrationId: 7 }, timestamp: 50 });
    expect(stream.getSnapshot().registration?.registrationId).toBe(42);
  });

  it("keeps the view when updates may have been missed, marks it, and counts how often", async () => {
    const { stream, network, updates } = await openStream();
    network.last.send(stageUpdate("duplicate_check", "started", 10), "5-1");
    const { latestUpdate, registration } = stream.getSnapshot();
    network.last.send({ type: "reset", timestamp: 20 }, "5-1");
    expect(stream.getSnapshot()).toMatchObject({
      registration: { ...registration, hasGap: true },
      resets: 1,
      latestUpdate,
      isConnected: true,
    });
    const marked = stream.getSnapshot().registration;
    network.last.send({ type: "reset", timestamp: 30 });
    expect(stream.getSnapshot().resets).toBe(2);
    expect(stream.getSnapshot().registration).toBe(marked);
    network.last.send(stageUpdate("t24_lookup", "started", 40));
    expect(stream.getSnapshot().registration).toMatchObject({ hasGap: true, stages: [{ name: "t24_lookup" }] });
    expect(updates).toHaveLength(2);
    network.last.send({ type: "snapshot", data: { registrationId: 42, status: "FAILED" }, timestamp: 50 });
    expect(stream.getSnapshot()).toMatchObject({
      registration: { status: "FAILED", stages: [], hasGap: false },
      resets: 2,
    });
  });

  it("resumes behind a message that is not an update", async () => {
    const { stream, network } = await openStream();
    network.last.send(stageUpdate("duplicate_check", "started", 10), "5-1");
    network.last.send({ type: "ping", timestamp: 20 }, "5-2");
    stream.close();
    stream.connect();
    await settle();
    expect(network.last.url).toContain("lastEventId=5-2");
  });

  it("remembers after a restart that updates may have been missed", async () => {
    const { stream, network } = await openStream();
    network.last.send(stageUpdate("duplicate_check", "started", 10), "5-1");
    network.last.send({ type: "reset", timestamp: 20 }, "5-1");
    stream.close();
    stream.connect();
    await settle();
    network.last.accept();
    expect(stream.getSnapshot()).toMatchObject({
      registration: { hasGap: true, stages: [{ name: "duplicate_check" }] },
      resets: 1,
    });
    // The history was lost: this update begins a view, and its time is not compared with the earlier view's.
    network.last.send(stageUpdate("t24_lookup", "started", 5), "6-1");
    expect(stream.getSnapshot()).toMatchObject({
      registration: { hasGap: true, stages: [{ name: "t24_lookup" }], timestamp: 5 },
      resets: 1,
    });
    network.last.send({ type: "snapshot", data: { registrationId: 42, status: "PENDING" }, timestamp: 30 });
    expect(stream.getSnapshot()).toMatchObject({ registration: { hasGap: false, stages: [] }, resets: 1 });
  });

  it.each([
    ["a reset", { type: "reset", timestamp: 20 }],
    ["a message that can't be read", "{ broken"],
  ])("remembers %s after a restart, also if it came before any view", async (_, message) => {
    const { stream, network } = await openStream();
    network.last.send(message, "5-1");
    expect(stream.getSnapshot()).toMatchObject({ registration: null, resets: 1 });
    for (let restart = 0; restart < 2; ++restart) {
      stream.close();
      stream.connect();
      await settle();
      network.last.accept();
    }
    network.last.send(stageUpdate("t24_lookup", "started", 40), "5-2");
    expect(stream.getSnapshot()).toMatchObject({ registration: { hasGap: true }, resets: 1 });
  });

  it("continues the view after a restart with one missed message, with a server without ids", async () => {
    const { stream, network } = await openStream();
    network.last.send(stageUpdate("duplicate_check", "started", 10));
    network.last.send("{ broken");
    stream.close();
    stream.connect();
    await settle();
    network.last.accept();
    network.last.send(stageUpdate("t24_lookup", "started", 40));
    expect(stream.getSnapshot().registration).toMatchObject({
      hasGap: true,
      stages: [{ name: "duplicate_check" }, { name: "t24_lookup" }],
    });
  });

  it("counts resets on a stream of every registration too", async () => {
    const { stream, network } = await openStream({ registrationId: undefined });
    network.last.send({ type: "reset", timestamp: 20 });
    expect(stream.getSnapshot()).toMatchObject({ registration: null, resets: 1 });
  });

  it("delivers each update as it was sent, unknown fields too, once and in order", async () => {
    const { network, updates } = await openStream();
    const sent = [1, 2, 3].map((time) =>
      stageUpdate("t24_lookup", "started", time, { id: `7-${time}`, branch: { code: "ET-1" } }),
    );
    for (const message of sent) {
      network.last.send(message);
    }
    expect(updates).toEqual(sent.map((message) => message.data));
  });

  it("infers the stage's status from the message if the publisher sent none", async () => {
    const { network, updates } = await openStream();
    const data = { registrationId: 42, status: "PENDING", stage: "t24_lookup", timestamp: 1 };
    network.last.send({ type: "update", data: { ...data, message: "Look-up started" } });
    network.last.send({ type: "update", data: { ...data, message: "Found 5 accounts", details: null } });
    network.last.send({ type: "update", data: { registrationId: 42, status: "FAILED" } });
    expect(updates).toEqual([
      { ...data, message: "Look-up started", stageStatus: "started" },
      { ...data, message: "Found 5 accounts", stageStatus: "completed" },
      { registrationId: 42, status: "FAILED", timestamp: 0 },
    ]);
  });

  it("continues after data that is not a message, and reports the mistake", async () => {
    const { stream, network, updates } = await openStream();
    network.last.send("{ broken");
    network.last.send({ type: "update", data: { status: "PENDING" } });
    expect(stream.getSnapshot()).toMatchObject({
      isConnected: true,
      error: { kind: "malformed_message", message: expect.stringContaining("registrationId") },
    });
    network.last.send(stageUpdate("t24_lookup", "started", 1));
    expect(stream.getSnapshot()).toMatchObject({ isConnected: true, error: null });
    expect(updates).toHaveLength(1);
  });

  it("keeps no view on a stream of all registrations", async () => {
    const { stream, network, updates } = await openStream({ registrationId: undefined });
    expect(network.last.url).toBe("/api/registrations/updates/stream");
    network.last.send(stageUpdate("t24_lookup", "started", 1, { registrationId: 1 }));
    network.last.send(stageUpdate("t24_lookup", "started", 2, { registrationId: 2 }));
    expect(updates.map((update) => update.registrationId)).toEqual([1, 2]);
    expect(stream.getSnapshot()).toMatchObject({
      registration: null,
      latestUpdate: { registrationId: 2 },
    });
  });
});

describe("snapshots and listeners", () => {
  it("keeps the same snapshot while nothing changes", async () => {
    const { stream, network } = await openStream();
    const before = stream.getSnapshot();
    expect(Object.isFrozen(before)).toBe(true);
    network.last.send({ type: "ping", timestamp: 2 });
    network.last.send({ type: "something-new" });
    expect(stream.getSnapshot()).toBe(before);
  });

  it("keeps the registration while only the connection changes", async () => {
    const { stream, network } = await openStream();
    network.last.send(stageUpdate("t24_lookup", "started", 1));
    const { registration } = stream.getSnapshot();
    network.last.lose();
    expect(stream.getSnapshot().registration).toBe(registration);
  });

  it("calls listeners once per event, after onUpdate, with the new snapshot", async () => {
    const log: string[] = [];
    const { stream, network } = await openStream({
      onUpdate: (update) => log.push(`update ${update.timestamp}`),
    });
    stream.subscribe(() => log.push(`change ${stream.getSnapshot().latestUpdate?.timestamp}`));
    network.last.send(stageUpdate("t24_lookup", "started", 1));
    network.last.send(stageUpdate("t24_lookup", "completed", 2));
    network.last.send({ type: "ping", timestamp: 3 });
    expect(log).toEqual(["update 1", "change 1", "update 2", "change 2"]);
  });

  it("does not call listeners after they have unsubscribed", async () => {
    const { stream, network } = await openStream();
    const listener = vi.fn();
    const leaveFirst = stream.subscribe(listener);
    const leaveSecond = stream.subscribe(listener);
    leaveFirst();
    network.last.send(stageUpdate("t24_lookup", "started", 1));
    expect(listener).toHaveBeenCalledTimes(1);
    leaveSecond();
    network.last.send(stageUpdate("t24_lookup", "completed", 2));
    expect(listener).toHaveBeenCalledTimes(1);
  });

  it("reports a listener that throws, and calls the others", async () => {
    const reported = vi.fn();
    vi.stubGlobal("reportError", reported);
    const mistake = new Error("mistake in the page");
    const { stream, network } = await openStream({
      onUpdate: () => {
        throw mistake;
      },
    });
    const listener = vi.fn();
    stream.subscribe(() => {
      throw mistake;
    });
    stream.subscribe(listener);
    network.last.send(stageUpdate("t24_lookup", "started", 1));
    expect(listener).toHaveBeenCalledTimes(1);
    expect(reported.mock.calls).toEqual([[mistake], [mistake]]);
    expect(stream.getSnapshot().isConnected).toBe(true);
  });

  it("lets a listener close the stream, and shows it the result at once", async () => {
    const seen: StreamSnapshot[] = [];
    const { stream, network } = await openStream();
    stream.subscribe(() => {
      seen.push(stream.getSnapshot());
      stream.close();
    });
    network.last.send(stageUpdate("t24_lookup", "started", 1));
    expect(seen.map((snapshot) => snapshot.connection)).toEqual(["open", "closed"]);
    expect(network.live).toBe(0);
  });
});

describe("listeners that call back in", () => {
  it("get every update that came meanwhile, in order", async () => {
    const seen: number[] = [];
    const { network } = await openStream({
      onUpdate: ({ timestamp }) => {
        seen.push(timestamp);
        for (let next = 2; timestamp === 1 && next <= 3_000; ++next) {
          network.last.send(stageUpdate("t24_lookup", "started", next));
        }
      },
    });
    network.last.send(stageUpdate("t24_lookup", "started", 1));
    expect(seen).toEqual(Array.from({ length: 3_000 }, (_, index) => index + 1));
  });

  it("are stopped if they change the stream without end, which is reported", async () => {
    const reported = vi.fn();
    vi.stubGlobal("reportError", reported);
    const { stream, network, updates } = await openStream();
    let calls = 0;
    const leave = stream.subscribe(() => {
      calls += 1;
      network.last.send(calls % 2 === 0 ? "{ broken" : "[ broken");
    });
    network.last.send(stageUpdate("t24_lookup", "started", 1));
    expect(calls).toBe(1_000);
    expect(reported).toHaveBeenCalledTimes(1);
    leave();
    network.last.send(stageUpdate("t24_lookup", "completed", 2));
    expect(updates).toHaveLength(2);
  });
});

describe("failures on this side", () => {
  /** A module that can't be loaded until `deploy` is called. */
  function createLoader() {
    let isDeployed = false;
    const load = vi.fn(() => (isDeployed ? loadCore() : Promise.reject<Core>(new Error("status 503"))));
    return { load, deploy: () => (isDeployed = true) };
  }

  it("waits, with the reason, while the module can't be loaded, and tries less and less often", async () => {
    const { load, deploy } = createLoader();
    const seen = new Set<string>();
    const { stream, network, clock, signals } = createStream({ loadCore: load });
    stream.connect();
    await settle();
    expect(stream.getSnapshot()).toMatchObject({
      connection: "waiting",
      reason: "failed_here",
      error: { kind: "load_failed", message: expect.stringContaining("status 503") },
    });
    stream.subscribe(() => {
      const { connection, error } = stream.getSnapshot();
      seen.add(`${connection} ${error?.kind}`);
    });
    // The seed makes the random part almost zero: half a second, doubled with each failure, up to half a minute.
    for (const delay of [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]) {
      const before = load.mock.calls.length;
      clock.advance(delay - 1);
      expect(load).toHaveBeenCalledTimes(before);
      clock.advance(2);
      expect(load).toHaveBeenCalledTimes(before + 1);
      await settle();
    }
    expect([...seen]).toEqual(["waiting load_failed"]);
    expect(clock.timers).toBe(1);

    deploy();
    clock.advance(30_001);
    await settle();
    expect(stream.getSnapshot()).toMatchObject({ connection: "connecting", error: null });
    network.last.accept();
    expect(stream.getSnapshot().isConnected).toBe(true);
    expect(signals.listeners).toBe(1);
  });

  it.each([0, 0xffff_ffff])("spreads the loads of many pages (seed %s)", async (seed) => {
    const { load } = createLoader();
    const { stream, clock } = createStream({ loadCore: load, seed: [seed, 0] });
    const setTimer = vi.spyOn(clock, "setTimer");
    stream.connect();
    await settle();
    expect(setTimer.mock.calls.map(([, delay]) => Math.round(delay))).toEqual([seed === 0 ? 500 : 1_000]);
  });

  it.each(["wakes", "is asked again"])("loads the module at once when it %s, but only once", async (how) => {
    const { load, deploy } = createLoader();
    const { stream, network, clock, signals } = createStream({ loadCore: load });
    const urge = how === "wakes" ? () => signals.send("visible") : () => stream.connect();
    stream.connect();
    await settle();
    deploy();
    urge();
    urge();
    await settle();
    expect(load).toHaveBeenCalledTimes(2);
    expect(network.live).toBe(1);
    expect(stream.getSnapshot()).toMatchObject({ connection: "connecting", error: null });
    clock.advance(1_000);
    expect(load).toHaveBeenCalledTimes(2);
    expect(signals.listeners).toBe(1);
  });

  it("tries again if the page's function to load the module throws, and harms no other stream", async () => {
    const other = createStream({ loadCore: () => primeCore(), registrationId: 43 });
    other.stream.connect();
    let isBroken = false;
    const { stream, network, clock } = createStream({
      loadCore: () => {
        if (isBroken) {
          throw new TypeError("no module here");
        }
        return primeCore();
      },
    });
    stream.connect();
    await vi.waitFor(() => expect([network.live, other.network.live]).toEqual([1, 1]));
    stream.close();
    isBroken = true;
    stream.connect();
    await settle();
    expect(stream.getSnapshot()).toMatchObject({ connection: "waiting", error: { kind: "load_failed" } });
    other.network.last.accept();
    await vi.waitFor(() => expect(other.stream.getSnapshot()).toMatchObject({ isConnected: true, error: null }));
    isBroken = false;
    clock.advance(1_000);
    await vi.waitFor(() => expect(network.live).toBe(1));
  });

  it("abandons no module because of a failure before the next one is loaded", async () => {
    const core = await primeCore();
    const { stream, network } = createStream({
      loadCore: () => Promise.resolve(core),
      signals: {
        subscribe: () => {
          if (network.sources.length > 0) {
            throw new TypeError("no signals here");
          }
          return () => {};
        },
      },
    });
    stream.connect();
    await vi.waitFor(() => expect(network.live).toBe(1));
    stream.close();
    stream.connect();
    expect(stream.getSnapshot()).toMatchObject({ connection: "closed", error: { kind: "core_failed" } });
    expect(core.isDead).toBe(false);
  });

  it("can be closed while it waits to load the module", async () => {
    const { load } = createLoader();
    const { stream, clock, signals } = createStream({ loadCore: load });
    stream.connect();
    await settle();
    stream.close();
    expect(stream.getSnapshot().connection).toBe("closed");
    expect([clock.timers, signals.listeners]).toEqual([0, 0]);
    clock.advance(60_000);
    expect(load).toHaveBeenCalledTimes(1);
  });

  it.each([
    ["neither EventSource nor fetch", ["EventSource", "fetch"], {}],
    ["no EventSource", ["EventSource"], { transport: "eventsource" }],
    ["no fetch", ["fetch"], { transport: "fetch" }],
  ] as const)("says that there is %s", async (_, missing, options) => {
    for (const name of missing) {
      vi.stubGlobal(name, undefined);
    }
    const { stream, clock } = createStream({ eventSource: undefined, ...options });
    stream.connect();
    await settle();
    expect(stream.getSnapshot()).toMatchObject({
      connection: "closed",
      error: { kind: "unsupported" },
    });
    expect(clock.timers).toBe(0);
  });

  it.each([0, -1, 1.5, NaN, 2 ** 53])("refuses registration %s", async (registrationId) => {
    const { stream, network } = createStream({ registrationId });
    stream.connect();
    await settle();
    expect(stream.getSnapshot()).toMatchObject({
      connection: "closed",
      error: { kind: "invalid_options" },
    });
    expect(network.sources).toHaveLength(0);
  });

  it("is closed when the module traps, and starts again with a fresh one", async () => {
    const loads: Promise<Core>[] = [];
    const load = () => {
      const loading = primeCore();
      loads.push(loading);
      return loading;
    };
    const { stream, network } = createStream({ loadCore: load });
    vi.spyOn(CoreClient.prototype, "event").mockImplementationOnce(() => {
      throw new WebAssembly.RuntimeError("unreachable");
    });
    stream.connect();
    await Promise.all(loads);
    await settle();
    network.last.accept();
    network.last.send({ type: "connected", timestamp: 1 });
    expect(stream.getSnapshot()).toMatchObject({
      connection: "closed",
      isConnected: false,
      error: { kind: "core_failed" },
    });
    expect(network.live).toBe(0);
    stream.connect();
    await Promise.all(loads);
    await settle();
    network.last.accept();
    expect(loads).toHaveLength(2);
    expect(await loads[1]).not.toBe(await loads[0]);
    expect(stream.getSnapshot()).toMatchObject({ isConnected: true, error: null });
  });

  it("gives the fresh module the last cursor and the view, and gets nothing twice", async () => {
    const { stream, network, updates } = createStream({ loadCore: () => primeCore() });
    stream.connect();
    await vi.waitFor(() => expect(network.sources).toHaveLength(1));
    network.last.accept();
    await vi.waitFor(() => expect(stream.getSnapshot().isConnected).toBe(true));
    network.last.send(stageUpdate("duplicate_check", "completed", 10, { details: { accountsFound: 5 } }), "5-1");
    const { registration } = stream.getSnapshot();
    vi.spyOn(CoreClient.prototype, "event").mockImplementationOnce(() => {
      throw new WebAssembly.RuntimeError("unreachable");
    });
    network.last.send(stageUpdate("t24_lookup", "started", 20), "5-2");
    expect(stream.getSnapshot()).toMatchObject({ error: { kind: "core_failed" }, registration });
    stream.connect();
    await vi.waitFor(() => expect(network.sources).toHaveLength(2));
    expect(network.last.url).toContain("lastEventId=5-1");
    network.last.accept();
    expect(stream.getSnapshot().registration).toBe(registration);
    network.last.send(stageUpdate("t24_lookup", "started", 20), "5-2");
    const after = stream.getSnapshot().registration;
    expect(after?.stages.map(({ name }) => name)).toEqual(["duplicate_check", "t24_lookup"]);
    expect(after?.stages[0]).toBe(registration?.stages[0]);
    expect(after?.details).toBe(registration?.details);
    expect(updates).toHaveLength(2);
  });

  it("no other stream calls a module that has trapped, and the next start of each shares a fresh one", async () => {
    const load = () => primeCore();
    const first = createStream({ loadCore: load });
    const second = createStream({ loadCore: load, registrationId: 43 });
    const reach = async ({ stream, network }: typeof first, sources: number) => {
      stream.connect();
      await vi.waitFor(() => expect(network.sources).toHaveLength(sources));
      network.last.accept();
      await vi.waitFor(() => expect(stream.getSnapshot().isConnected).toBe(true));
    };
    await reach(first, 1);
    await reach(second, 1);
    const trapped = await load();
    vi.spyOn(CoreClient.prototype, "event").mockImplementationOnce(() => {
      throw new WebAssembly.RuntimeError("unreachable");
    });
    first.network.last.send({ type: "ping", timestamp: 1 });
    second.network.last.send({ type: "ping", timestamp: 1 });
    const errors = [first, second].map(({ stream }) => stream.getSnapshot().error);
    expect(errors).toMatchObject([
      { kind: "core_failed", message: "The WebAssembly module failed: RuntimeError: unreachable" },
      {
        kind: "core_failed",
        message: "The WebAssembly module failed and can't be used any more: call connect() to start a new one",
      },
    ]);
    expect([first.network.live, second.network.live]).toEqual([0, 0]);
    await reach(first, 2);
    await reach(second, 2);
    expect(await load()).not.toBe(trapped);
    for (const { stream } of [first, second]) {
      expect(stream.getSnapshot()).toMatchObject({ isConnected: true, error: null });
    }
  });
});
