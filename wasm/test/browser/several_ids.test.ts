import { beforeAll, beforeEach, describe, expect, it } from "vitest";

import { StreamError } from "../../src/core/errors.js";
import { csvImport } from "../workflow/csv_import.js";
import type { FakeNetwork } from "../fakes.js";
import { createNetwork, primeCore, settle, stageUpdate } from "../fakes.js";
import { createTestStream, createWorkflowStream } from "./test_stream.js";

/** After this long, changes have led to one reconnect: a frame, and a little more. */
const frameMs = 20;

let network: FakeNetwork;

beforeAll(async () => {
  await primeCore();
});

beforeEach(() => {
  network = createNetwork();
});

function snapshotOf(file: string, message: string, rest: object = {}) {
  const data = { file, status: "RUNNING", message, stages: [], timestamp: 1, ...rest };
  return { type: "snapshot", data, timestamp: 1 };
}

function updateOf(file: string, message: string, timestamp = 2) {
  return { type: "update", data: { file, status: "RUNNING", message, timestamp } };
}

const queryOf = (url: string) => new URLSearchParams(url.split("?")[1]);

/** An open stream of imports. */
async function open(ids: readonly string[], options: object = {}) {
  const made = createWorkflowStream(csvImport, { ids, eventSource: network.EventSource, ...options });
  made.stream.connect();
  await settle();
  network.last.accept();
  return made;
}

describe("a stream of several instances", () => {
  it("names each of them once, after the query in the page's address", async () => {
    await open(["a b", "ä&c", "a b"], { url: "/stream?tenant=7" });
    expect(network.last.url).toBe("/stream?tenant=7&file=a%20b&file=%C3%A4%26c");
  });

  it("has a view of each, and keeps the object of one that did not change", async () => {
    const { stream, updates } = await open(["a", "b"]);
    network.last.send(snapshotOf("a", "Reading"), "5-1");
    network.last.send(snapshotOf("b", "Waiting"), "5-1");
    const { views, view } = stream.getSnapshot();
    expect([...views.keys()]).toEqual(["a", "b"]);
    expect(view).toBeNull();
    expect(stream.view("a")).toMatchObject({ file: "a", message: "Reading" });
    network.last.send(updateOf("b", "Writing"), "5-2");
    expect(stream.view("b")).toMatchObject({ file: "b", message: "Writing" });
    expect(stream.view("a")).toBe(views.get("a"));
    expect(views.get("b")).toMatchObject({ message: "Waiting" });
    expect(stream.getSnapshot().views).not.toBe(views);
    expect(updates).toMatchObject([{ file: "b", message: "Writing" }]);
    network.last.send({ type: "ping", timestamp: 3 });
    expect(stream.view("c")).toBeNull();
  });

  it("changes its ids by one reconnect a frame, without a loss", async () => {
    const { stream, clock } = await open(["a"]);
    network.last.send({ type: "connected", timestamp: 1 }, "5-1");
    stream.follow(["a", "b"]);
    stream.follow(["a", "c", "b"]);
    expect(network.sources).toHaveLength(1);
    clock.advance(frameMs);
    expect(network.sources).toHaveLength(2);
    expect(network.live).toBe(1);
    const query = queryOf(network.last.url);
    expect(query.getAll("file").sort()).toEqual(["a", "b", "c"]);
    expect(query.getAll("snapshot").sort()).toEqual(["b", "c"]);
    expect(query.get("lastEventId")).toBe("5-1");
    expect(stream.getSnapshot()).toMatchObject({ connection: "connecting", reason: "changed" });
    expect(stream.getSnapshot()).toMatchObject({ isConnected: true, connections: 1, resets: 0 });
    network.last.accept();
    expect(stream.getSnapshot()).toMatchObject({ isConnected: true, connections: 1, connection: "open" });
    network.last.lose();
    expect(stream.getSnapshot()).toMatchObject({ isConnected: false, connections: 1 });
    clock.advance(2_000);
    network.last.accept();
    expect(stream.getSnapshot().connections).toBe(2);
  });

  it("does nothing if the same ids come in another order", async () => {
    const { stream, clock } = await open(["a", "b"]);
    const before = stream.getSnapshot();
    stream.follow(["b", "a", "b"]);
    clock.advance(frameMs);
    expect(network.sources).toHaveLength(1);
    expect(stream.getSnapshot()).toBe(before);
  });

  it("forgets an id that it no longer names, and treats it as new when it returns", async () => {
    const { stream, clock } = await open(["a", "b"]);
    network.last.send(snapshotOf("a", "Reading"), "0-0");
    network.last.send(snapshotOf("b", "Reading"), "5-1");
    const kept = stream.view("a");
    stream.follow(["a"]);
    expect([...stream.getSnapshot().views.keys()]).toEqual(["a"]);
    expect(stream.view("a")).toBe(kept);
    clock.advance(frameMs);
    network.last.accept();
    stream.follow(["a", "b"]);
    clock.advance(2_000);
    expect(network.last.url).toContain("snapshot=b");
  });

  it("keeps its views when it connects again; an id added meanwhile is new", async () => {
    const { stream, updates } = await open(["a", "b"]);
    network.last.send(snapshotOf("a", "Reading"), "0-0");
    network.last.send(snapshotOf("b", "Reading", { processLog: [1e21] }), "5-1");
    stream.close();
    const views = [stream.view("a"), stream.view("b")];
    stream.follow(["a", "b", "c"]);
    stream.connect();
    await settle();
    const query = queryOf(network.last.url);
    expect(query.getAll("file").sort()).toEqual(["a", "b", "c"]);
    expect(query.getAll("snapshot")).toEqual(["c"]);
    expect(query.get("lastEventId")).toBe("5-1");
    network.last.accept();
    network.last.send(updateOf("c", "Begun"), "5-2");
    expect([stream.view("a"), stream.view("b")]).toEqual(views);
    expect(updates).toHaveLength(1);
  });

  it("treats an id that it had dropped as new, also if it was closed meanwhile", async () => {
    const { stream } = await open(["a", "b"]);
    network.last.send(snapshotOf("a", "Reading"), "0-0");
    network.last.send(snapshotOf("b", "Reading"), "5-1");
    stream.close();
    stream.follow(["a"]);
    stream.follow(["a", "b"]);
    expect(stream.view("b")).toBeNull();
    stream.connect();
    await settle();
    expect(queryOf(network.last.url).getAll("snapshot")).toEqual(["b"]);
  });

  it("keeps its map of views if a gap concerns none of them", async () => {
    const { stream } = await open(["a"]);
    const { views } = stream.getSnapshot();
    network.last.send({ type: "reset", timestamp: 1 }, "0-0");
    expect(stream.getSnapshot()).toMatchObject({ resets: 1 });
    expect(stream.getSnapshot().views).toBe(views);
  });

  it("has no cursor if all its ids are new", async () => {
    const { stream } = await open(["a"]);
    network.last.send(snapshotOf("a", "Reading"), "5-1");
    stream.close();
    stream.follow(["b"]);
    stream.connect();
    await settle();
    expect(network.last.url).toBe("/api/imports/updates/stream?file=b");
  });
});

describe("ids that one stream can't name", () => {
  const hundred = Array.from({ length: 100 }, (_, index) => `${index}`);
  // Each takes 384 bytes of a query, in which it may appear twice.
  const name = (index: number) => "é".repeat(63) + String(index).padStart(2, "0");
  const long = Array.from({ length: 20 }, (_, index) => name(index));

  it.each<[string, readonly string[], RegExp]>([
    ["more than a hundred", [...hundred, "one more"], /^ids must name at most 100 instances: open another stream/],
    ["more than 6 KiB", long, /^the ids of one stream may take .* open another stream/],
    ["none", [], /^ids must name at least one instance/],
    ["one of another kind", ["a", "*"], /^file must be text: 1 to 128 bytes/],
  ])("%s: they are refused, and the stream stays as it is", async (_what, ids, why) => {
    const { stream, clock } = await open(["a"]);
    const before = stream.getSnapshot();
    expect(() => stream.follow(ids)).toThrow(StreamError);
    expect(() => stream.follow(ids)).toThrow(why);
    clock.advance(frameMs);
    expect(stream.getSnapshot()).toBe(before);
    expect(network.sources).toHaveLength(1);

    const other = createWorkflowStream(csvImport, { ids, eventSource: network.EventSource }).stream;
    other.connect();
    await settle();
    expect(other.getSnapshot()).toMatchObject({ connection: "closed", error: { kind: "invalid_options" } });
    expect(other.getSnapshot().error?.message).toMatch(why);
  });

  it("a hundred are accepted, however large their numbers", async () => {
    const { stream } = createTestStream({ registrationId: undefined, eventSource: network.EventSource });
    const ids = Array.from({ length: 100 }, (_, index) => Number.MAX_SAFE_INTEGER - index);
    const many = createWorkflowStream(stream.workflow, { ids, eventSource: network.EventSource }).stream;
    many.connect();
    await settle();
    expect(queryOf(network.last.url).getAll("registrationId")).toHaveLength(100);
  });

  it("follow is refused by a stream that was made for one instance, or for all", async () => {
    for (const options of [{ id: "a" }, {}]) {
      const { stream } = createWorkflowStream(csvImport, options);
      expect(() => stream.follow(["b"])).toThrow(/^follow needs a stream that was made with ids/);
    }
    const { stream } = createWorkflowStream(csvImport, { id: "a", ids: ["b"] });
    stream.connect();
    expect(stream.getSnapshot().error?.message).toMatch(/^id names one instance, ids several/);
  });
});

describe("a stream of one text id", () => {
  it("has its view, and updates with the workflow's own member", async () => {
    const { stream, updates } = createWorkflowStream(csvImport, { id: "a.csv", eventSource: network.EventSource });
    stream.connect();
    await settle();
    expect(network.last.url).toBe("/api/imports/updates/stream?file=a.csv");
    network.last.accept();
    const { data } = stageUpdate("read", "started", 7, { status: "RUNNING", file: "a.csv" });
    network.last.send({ type: "update", data });
    expect(updates).toMatchObject([{ file: "a.csv", stage: "read", stageStatus: "started" }]);
    expect(stream.getSnapshot().view).toMatchObject({ file: "a.csv", progress: { stagesDone: 0, stagesTotal: 2 } });
    expect(stream.getSnapshot().view).toBe(stream.view("a.csv"));
    expect(stream.getSnapshot().view).not.toHaveProperty("registrationId");
  });

  it("takes a stage without a status as completed, whatever its message says: nothing is inferred", async () => {
    const { stream, updates } = createWorkflowStream(csvImport, { id: "a", eventSource: network.EventSource });
    stream.connect();
    await settle();
    network.last.accept();
    const data = { file: "a", status: "RUNNING", stage: "read", message: "Job started" };
    network.last.send({ type: "update", data });
    expect(updates).toMatchObject([{ stageStatus: "completed" }]);
  });
});
