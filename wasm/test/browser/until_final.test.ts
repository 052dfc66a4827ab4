import { beforeAll, beforeEach, describe, expect, expectTypeOf, it } from "vitest";

import type { ViewOf } from "../../src/shared/messages.js";
import { csvImport } from "../workflow/csv_import.js";
import type { FakeNetwork, FakeFetch } from "../fakes.js";
import { createFetch, createNetwork, primeCore, settle } from "../fakes.js";
import { createWorkflowStream } from "./test_stream.js";

let network: FakeNetwork;

beforeAll(async () => {
  await primeCore();
});

beforeEach(() => {
  network = createNetwork();
});

const final = { file: "a", status: "IMPORTED", message: "5000 rows", details: { rows: 5000 }, timestamp: 9 };
const end = { type: "end", id: "5-2", timestamp: 9 };

async function open(options: object = {}) {
  const standard = { id: "a", until: "final", eventSource: network.EventSource } as const;
  const made = createWorkflowStream(csvImport, { ...standard, ...options });
  made.stream.connect();
  await settle();
  return made;
}

describe("a stream until the final status", () => {
  it("ends by itself with the final update, gives the last view, and is not connected again", async () => {
    const { stream, clock, updates } = await open();
    expect(network.last.url).toBe("/api/imports/updates/stream?file=a&until=final");
    network.last.accept();
    network.last.send({ type: "connected", timestamp: 1 }, "5-1");
    network.last.send({ type: "update", data: { ...final, id: "5-2" } }, "5-2");
    expect(stream.getSnapshot().isConnected).toBe(true);
    network.last.send(end, "5-2-end");
    const { connection, reason, isConnected, error } = stream.getSnapshot();
    expect([connection, reason, isConnected, error]).toEqual(["closed", "finished", false, null]);
    const outcome = await stream.finished;
    expect(outcome).toMatchObject({ file: "a", status: "IMPORTED", message: "5000 rows", isFinal: true });
    expect(outcome.details).toEqual({ rows: 5000 });
    expect(outcome).toBe(stream.getSnapshot().view);
    expectTypeOf(outcome).toEqualTypeOf<ViewOf<typeof csvImport>>();
    expect(updates).toHaveLength(1);
    clock.advance(600_000);
    expect(network.sources).toHaveLength(1);
    expect(network.live).toBe(0);
  });

  it("gives the first view if the instance has ended already", async () => {
    const { stream, updates } = await open();
    network.last.accept();
    network.last.send({ type: "snapshot", data: { ...final, stages: [] }, timestamp: 9 }, "5-2");
    network.last.send(end, "5-2-end");
    expect(await stream.finished).toMatchObject({ status: "IMPORTED", details: { rows: 5000 } });
    expect(updates).toEqual([]);
  });

  it("reconnects after a loss, for the end that it missed", async () => {
    const { stream, clock } = await open();
    network.last.accept();
    network.last.send({ type: "update", data: { ...final, id: "5-2" } }, "5-2");
    network.last.lose();
    clock.advance(2_000);
    expect(new URLSearchParams(network.last.url.split("?")[1]).get("lastEventId")).toBe("5-2");
    network.last.accept();
    network.last.send(end, "5-2-end");
    expect(await stream.finished).toMatchObject({ status: "IMPORTED" });
  });

  it("begins without a cursor when it is connected after the end", async () => {
    const { stream } = await open();
    network.last.accept();
    network.last.send({ type: "update", data: { ...final, id: "5-2" } }, "5-2");
    network.last.send(end, "5-2-end");
    const first = stream.finished;
    stream.connect();
    expect(stream.finished).not.toBe(first);
    await settle();
    expect(network.last.url).toBe("/api/imports/updates/stream?file=a&until=final");
    network.last.accept();
    const again = { ...final, status: "REJECTED", message: "No rows" };
    network.last.send({ type: "snapshot", data: { ...again, stages: [] }, timestamp: 9 }, "5-7");
    network.last.send({ ...end, id: "5-7" }, "5-7-end");
    expect(await stream.finished).toMatchObject({ status: "REJECTED" });
    expect(await first).toMatchObject({ status: "IMPORTED" });
  });

  it("rejects its promise when it is closed before the end", async () => {
    const { stream } = await open();
    network.last.accept();
    stream.close();
    await expect(stream.finished).rejects.toMatchObject({ name: "StreamError", kind: "closed" });
  });

  it("rejects its promise when it is refused for good", async () => {
    const fetches: FakeFetch = createFetch();
    const { stream } = await open({ eventSource: undefined, fetch: fetches.fetch });
    fetches.last.respond(403);
    await expect(stream.finished).rejects.toMatchObject({ kind: "refused" });
    expect(stream.getSnapshot().error?.kind).toBe("refused");
  });

  it("takes a 204 for the end if it knows the outcome", async () => {
    const fetches: FakeFetch = createFetch();
    const { stream } = await open({ eventSource: undefined, fetch: fetches.fetch });
    fetches.last.respond(204);
    await expect(stream.finished).rejects.toMatchObject({ kind: "refused" });
  });

  it("reports a final update that could not be read", async () => {
    const { stream } = await open();
    network.last.accept();
    network.last.send('{"type":"update","data":{"file":"a","status":', "5-2");
    network.last.send(end, "5-2-end");
    await expect(stream.finished).rejects.toMatchObject({ kind: "malformed_message" });
  });

  it("is for one instance", async () => {
    for (const options of [{ id: undefined }, { id: undefined, ids: ["a"] }]) {
      const { stream } = await open(options);
      expect(stream.getSnapshot()).toMatchObject({ connection: "closed", error: { kind: "invalid_options" } });
      await expect(stream.finished).rejects.toMatchObject({ kind: "invalid_options" });
    }
  });

  it("has no promise if it goes on after the end", async () => {
    const { stream } = await open({ until: undefined });
    await expect(stream.finished).rejects.toMatchObject({ kind: "invalid_options" });
    expect(stream.getSnapshot().error).toBeNull();
  });
});
