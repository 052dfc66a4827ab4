import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";

import { WorkflowStream } from "../../src/browser/workflow_stream.js";
import type { Core } from "../../src/core/core.js";
import { registrationWorkflow } from "../../src/generated/registration.js";
import type { TabsStreamOptions } from "../../src/tabs.js";
import { TabsStream } from "../../src/tabs.js";
import { createFetch, createNetwork, FakeClock, FakeSignals, primeCore, settleBody, stageUpdate } from "../fakes.js";
import { FakeBrowser, settleAll } from "./fake_tabs.js";

let core: Core;
let browser: FakeBrowser;

beforeAll(async () => {
  core = await primeCore();
});

beforeEach(() => {
  browser = new FakeBrowser();
});

afterEach(() => {
  vi.restoreAllMocks();
});

const connected = { type: "connected", timestamp: 1 };

function snapshotOf(registrationId: number, message: string) {
  const data = { registrationId, status: "PENDING", message, stages: [], timestamp: 1 };
  return { type: "snapshot", data, timestamp: 1 };
}

const queryOf = (url: string) => new URLSearchParams(url.split("?")[1]);
const idsOf = (updates: readonly { readonly id?: string }[]) => updates.map(({ id }) => id);

function updateOf(sequence: number, registrationId = 42) {
  const stageStatus = sequence % 2 === 1 ? "started" : "completed";
  return stageUpdate("t24_lookup", stageStatus, sequence, { registrationId, id: `5-${sequence}` });
}

/** Sends the update with event id `5-<sequence>`. */
async function publish(sequence: number, registrationId?: number): Promise<void> {
  browser.network.last.send(updateOf(sequence, registrationId), `5-${sequence}`);
  await settleAll();
}

/** The stream reconnects with other ids. */
async function reopen(): Promise<void> {
  await settleAll();
  browser.clock.advance(1_000);
  await settleAll();
}

describe("tabs that share a stream", () => {
  it("open one connection, and each gets every update once", async () => {
    const tabs = await browser.openAll(8);
    browser.network.last.send(connected, "5-0");
    await publish(1);
    await publish(2);
    expect(browser.network.sources).toHaveLength(1);
    for (const { stream, updates } of tabs) {
      expect(idsOf(updates)).toEqual(["5-1", "5-2"]);
      const snapshot = stream.getSnapshot();
      expect(snapshot).toMatchObject({ connection: "open", reason: "accepted", isConnected: true, connections: 1 });
      expect(snapshot).toMatchObject({ transport: "eventsource", resets: 0, error: null, latestUpdate: { id: "5-2" } });
      expect(stream.view(42)).toMatchObject({ registrationId: 42, stage: "t24_lookup", id: "5-2" });
    }
  });

  it("load the module only in the owner", async () => {
    const loadCore = vi.fn(async () => core);
    const tabs = await browser.openAll(3, { loadCore });
    expect(loadCore).toHaveBeenCalledTimes(1);
    tabs[0]?.stream.close();
    await settleAll();
    expect(loadCore).toHaveBeenCalledTimes(2);
  });

  it("see the views of a stream of their own, whose unchanged parts keep their objects", async () => {
    const [, other] = await browser.openAll(2);
    const network = createNetwork();
    const own = new WorkflowStream(registrationWorkflow, {
      ids: [42],
      clock: new FakeClock(),
      signals: new FakeSignals(),
      eventSource: network.EventSource,
    });
    own.connect();
    await settleAll();
    network.last.accept();
    const details = { accountsFound: 5, limits: [{ max: 1e21 }] };
    const update = stageUpdate("t24_lookup", "started", 7, { details, id: "5-1" });
    for (const source of [network.last, browser.network.last]) {
      source.send(update, "5-1");
    }
    await settleAll();
    const before = other?.stream.view(42);
    expect(before).toEqual(own.view(42));
    await publish(2);
    network.last.send(updateOf(2), "5-2");
    expect(other?.stream.view(42)).toEqual(own.view(42));
    expect(other?.stream.view(42)).not.toBe(before);
    expect(other?.stream.view(42)?.details).toBe(before?.details);
    own.close();
  });

  it("continue from the last cursor when the owner closes, without loss or duplicates", async () => {
    const [first, second, third] = await browser.openAll(3);
    browser.network.last.send(connected, "5-0");
    await publish(1);
    first?.stream.close();
    await settleAll();
    expect(browser.network.sources).toHaveLength(2);
    expect(browser.network.live).toBe(1);
    expect(queryOf(browser.network.last.url).get("lastEventId")).toBe("5-1");
    expect(queryOf(browser.network.last.url).getAll("snapshot")).toEqual([]);
    expect(second?.stream.getSnapshot().isConnected).toBe(false);
    browser.network.last.accept();
    await publish(2);
    for (const tab of [second, third]) {
      expect(idsOf(tab?.updates ?? [])).toEqual(["5-1", "5-2"]);
      expect(tab?.stream.getSnapshot()).toMatchObject({ isConnected: true, connections: 2, resets: 0 });
      expect(tab?.stream.view(42)).toMatchObject({ id: "5-2", stages: [{ name: "t24_lookup", startedAt: 1 }] });
    }
    expect(idsOf(first?.updates ?? [])).toEqual(["5-1"]);
    expect(first?.stream.getSnapshot()).toMatchObject({ connection: "closed", reason: "requested" });
  });

  it("give the current views to a tab that comes later", async () => {
    await browser.openAll(1);
    browser.network.last.send(snapshotOf(42, "Waiting"), "5-3");
    await publish(4);
    const late = browser.open();
    late.stream.connect();
    await settleAll();
    expect(late.stream.view(42)).toMatchObject({ id: "5-4", stage: "t24_lookup" });
    expect(late.updates).toEqual([]);
    await publish(5);
    expect(idsOf(late.updates)).toEqual(["5-5"]);
    expect(late.stream.getSnapshot().resets).toBe(0);
  });

  it("follow the ids of all tabs on one connection, and deliver to each its own", async () => {
    const [first] = await browser.openAll(1, { ids: [41] });
    browser.network.last.send(connected, "5-0");
    const second = browser.open({ ids: [42] });
    second.stream.connect();
    await reopen();
    expect(browser.network.live).toBe(1);
    expect(queryOf(browser.network.last.url).getAll("registrationId").sort()).toEqual(["41", "42"]);
    browser.network.last.accept();
    browser.network.last.send(snapshotOf(42, "Waiting"), "5-0");
    await publish(1, 41);
    await publish(2, 42);
    expect(idsOf(first?.updates ?? [])).toEqual(["5-1"]);
    expect(idsOf(second.updates)).toEqual(["5-2"]);
    expect([...second.stream.getSnapshot().views.keys()]).toEqual([42]);
    second.stream.follow([43]);
    await reopen();
    expect(queryOf(browser.network.last.url).getAll("registrationId").sort()).toEqual(["41", "42", "43"]);
  });

  it("open a second connection if one can't name all ids", async () => {
    const many = (first: number) => Array.from({ length: 80 }, (_, index) => first + index);
    const [first] = await browser.openAll(1, { ids: many(1) });
    const second = browser.open({ ids: many(1001) });
    second.stream.connect();
    await reopen();
    expect(browser.network.live).toBe(2);
    const source = browser.network.sources.find(({ url }) => queryOf(url).getAll("registrationId").length === 60);
    source?.accept();
    source?.send(updateOf(1, 1080), "5-1");
    await settleAll();
    expect(idsOf(second.updates)).toEqual(["5-1"]);
    expect(first?.updates).toEqual([]);
  });

  it("follow every instance if they name none", async () => {
    const [first, second] = await browser.openAll(2, { ids: undefined });
    await publish(1, 7);
    await publish(2, 8);
    expect(idsOf(first?.updates ?? [])).toEqual(["5-1", "5-2"]);
    expect(idsOf(second?.updates ?? [])).toEqual(["5-1", "5-2"]);
    expect(browser.network.sources).toHaveLength(1);
  });

  it.each([undefined, [42]])(
    "resume with the updates that a listener did not get as it closed the stream (ids %j)",
    async (ids) => {
      const server = createFetch();
      const { stream, updates } = browser.open({ ids, transport: "fetch", fetch: server.fetch });
      const stop = stream.subscribeToUpdates(() => stream.close());
      stream.connect();
      await settleAll();
      server.last.accept();
      await settleBody();
      const eventOf = (sequence: number) => `id: 5-${sequence}\ndata: ${JSON.stringify(updateOf(sequence))}\n\n`;
      server.last.send(eventOf(1) + eventOf(2));
      await settleBody();
      expect(idsOf(updates)).toEqual(["5-1"]);
      stop();
      stream.connect();
      await settleAll();
      expect(idsOf(updates)).toEqual(["5-1", "5-2"]);
      expect(server.last.headers.get("Last-Event-ID")).toBe("5-2");
      server.last.accept();
      await settleBody();
      server.last.send(eventOf(2) + eventOf(3));
      await settleBody();
      expect(idsOf(updates).slice(-1)).toEqual(["5-3"]);
      stream.close();
    },
  );

  it("report why the server refused, and start again when one of them connects", async () => {
    const server = createFetch();
    const [first, second] = [0, 1].map(() => browser.open({ transport: "fetch", fetch: server.fetch }));
    for (const tab of [first, second]) {
      tab?.stream.connect();
      await settleAll();
    }
    server.last.respond(403);
    await settleAll();
    for (const tab of [first, second]) {
      expect(tab?.stream.getSnapshot()).toMatchObject({
        connection: "closed",
        transport: "fetch",
        error: { kind: "refused" },
      });
    }
    second?.stream.connect();
    await settleAll();
    expect(server.requests).toHaveLength(2);
    server.last.accept();
    await settleAll();
    for (const tab of [first, second]) {
      expect(tab?.stream.getSnapshot()).toMatchObject({ connection: "open", error: null });
      tab?.stream.close();
    }
  });

  it("release lock and channel while a page is away, and take part again when it is back", async () => {
    const [first, second] = await browser.openAll(2);
    browser.network.last.send(connected, "5-0");
    first?.life.send("away");
    await settleAll();
    expect(browser.network.live).toBe(1);
    expect(browser.network.sources).toHaveLength(2);
    browser.network.last.accept();
    await publish(1);
    expect(first?.updates).toEqual([]);
    first?.life.send("back");
    await settleAll();
    expect(idsOf(first?.updates ?? [])).toEqual(["5-1"]);
    await publish(2);
    expect(idsOf(first?.updates ?? [])).toEqual(["5-1", "5-2"]);
    expect(idsOf(second?.updates ?? [])).toEqual(["5-1", "5-2"]);
    expect(first?.stream.getSnapshot().resets).toBe(0);
  });

  it("close the connection with the last of them", async () => {
    const [first, second] = await browser.openAll(2);
    first?.stream.close();
    await settleAll();
    second?.stream.close();
    await settleAll();
    expect(browser.network.live).toBe(0);
    expect(browser.locks.names).toEqual([]);
    expect(browser.channels.names.size).toBe(0);
    expect(browser.clock.timers).toBe(0);
  });

  it("ignore other messages on the channel", async () => {
    const [first] = await browser.openAll(2);
    const [name = ""] = browser.channels.names;
    const term = { began: Number.MAX_VALUE, tab: "z" };
    const nonsense = [
      null,
      "hello",
      { regstream: 1 },
      { regstream: 1, message: { kind: "toString" } },
      { regstream: 2, message: { kind: "status", term, shards: [], calls: false } },
      { regstream: 1, message: { kind: "status", term, shards: [{ ids: "42" }], calls: false } },
      { regstream: 1, message: { kind: "batch", term, tab: null, shard: 1e9, batch: {} } },
      { regstream: 1, message: { kind: "hello", tab: 7, ids: [{}], places: [], reconnects: true } },
    ];
    nonsense.forEach((message) => browser.channels.say(name, message));
    await settleAll();
    await publish(1);
    expect(idsOf(first?.updates ?? [])).toEqual(["5-1"]);
    expect(browser.network.sources).toHaveLength(1);
  });
});

describe("what is not shared", () => {
  const own = (options: Partial<TabsStreamOptions<typeof registrationWorkflow>>) => browser.openAll(1, options);

  it("is a stream of another address, user or workflow version, or with other credentials", async () => {
    await own({});
    await own({ url: "/other" });
    await own({ shareAcrossTabs: { user: "ada" } });
    await own({ shareAcrossTabs: { user: "eve" } });
    await own({ credentials: "include" });
    await own({ ids: undefined });
    expect(browser.network.live).toBe(6);
    // These mean the first one.
    await own({ url: "https://bank.example/api/registrations/updates/stream", ids: [7] });
    expect(browser.network.live).toBe(6);
  });

  it("is a stream with a token and no user, which is printed once on the console", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    const token = () => new Promise<never>(() => {});
    await expect(own({ token }).catch(() => "no source")).resolves.toBeDefined();
    browser.open({ token }).stream.connect();
    expect(warn).toHaveBeenCalledTimes(1);
    expect(String(warn.mock.calls[0]?.[0])).toContain("shareAcrossTabs: { user }");
    expect(browser.channels.names.size).toBe(0);
  });

  it("is a stream that ends", async () => {
    await own({ ids: undefined, id: 42, until: "final" });
    await own({ ids: undefined, id: 42, until: "final" });
    expect(browser.network.live).toBe(2);
  });

  it("is any stream outside a page, which works on its own", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    const open = () => {
      const updates: (string | undefined)[] = [];
      const network = createNetwork();
      const stream = new TabsStream(registrationWorkflow, {
        id: 42,
        shareAcrossTabs: true,
        clock: new FakeClock(),
        signals: new FakeSignals(),
        frames: null,
        eventSource: network.EventSource,
        onUpdate: ({ id }) => void updates.push(id),
      });
      return { stream, network, updates };
    };
    const [one, other] = [open(), open()];
    for (const { stream } of [one, other]) {
      stream.connect();
    }
    await settleAll();
    one.network.last.accept();
    one.network.last.send(stageUpdate("t24_lookup", "started", 1, { id: "5-1" }), "5-1");
    expect(one.updates).toEqual(["5-1"]);
    expect(one.stream.getSnapshot()).toMatchObject({ isConnected: true, view: { stage: "t24_lookup" } });
    expect(one.stream.getSnapshot().latestUpdate).toMatchObject({ id: "5-1" });
    expect(warn).toHaveBeenCalledTimes(1);
    for (const { stream, network } of [one, other]) {
      stream.close();
      expect(network.live).toBe(0);
    }
  });

  it("is a stream of a page without locks, which works on its own", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    const request = () => Promise.reject(new DOMException("The page may not", "SecurityError"));
    const { stream, updates } = browser.open({}, { request });
    stream.connect();
    await settleAll();
    browser.network.last.accept();
    await publish(1);
    expect(idsOf(updates)).toEqual(["5-1"]);
    expect(String(warn.mock.calls)).toContain("The page may not");
    expect(browser.channels.names.size).toBe(0);
    stream.close();
    expect(browser.network.live).toBe(0);
  });

  it("is an invalid list of ids, which the stream reports", () => {
    const { stream } = browser.open({ ids: [-1] });
    stream.connect();
    expect(stream.getSnapshot()).toMatchObject({ connection: "closed", error: { kind: "invalid_options" } });
    expect(() => browser.open({}).stream.follow([])).toThrow("at least one");
  });
});
