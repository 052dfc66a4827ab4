import { beforeEach, describe, expect, it } from "vitest";

import type { RegistrationStreamOptions, WorkflowStreamOptions } from "../../src/browser/stream_options.js";
import type { Core } from "../../src/core/core.js";
import { csvImport } from "../workflow/csv_import.js";
import type { FakeFetch, FakeNetwork } from "../fakes.js";
import { createFetch, createNetwork, primeCore, settle, settleBody, stageUpdate } from "../fakes.js";
import { createTestStream, createWorkflowStream } from "./test_stream.js";

let network: FakeNetwork;
let load: () => Promise<void>;
let fail: () => Promise<void>;
let loadCore: () => Promise<Core>;

beforeEach(() => {
  network = createNetwork();
  const waiting: { resolve: (core: Core) => void; reject: (error: Error) => void }[] = [];
  loadCore = () => new Promise((resolve, reject) => waiting.push({ resolve, reject }));
  load = async () => {
    const core = await primeCore();
    waiting.splice(0).forEach(({ resolve }) => resolve(core));
    await settle();
  };
  fail = async () => {
    waiting.splice(0).forEach(({ reject }) => reject(new Error("status 404")));
    await settle();
  };
});

/** As the page's turn leaves it: the request goes out after that. */
async function connectStream(options: RegistrationStreamOptions = {}) {
  const created = createTestStream({ eventSource: network.EventSource, loadCore, ...options });
  created.stream.connect();
  await Promise.resolve();
  return created;
}

const stages = (updates: readonly { readonly stage?: string | undefined }[]) => updates.map(({ stage }) => stage);

describe("the stream's first request, made while the module loads", () => {
  it("is the stream's own, with everything that it brought meanwhile", async () => {
    const { stream, updates } = await connectStream();
    expect(network.last.url).toBe("/api/registrations/updates/stream?registrationId=42");
    network.last.accept();
    network.last.send(stageUpdate("duplicate_check", "started", 1), "5-1");
    expect(stream.getSnapshot()).toMatchObject({ connection: "connecting", latestUpdate: null });
    await load();
    network.last.send(stageUpdate("t24_lookup", "started", 2), "5-2");
    expect(network.sources).toHaveLength(1);
    expect(stream.getSnapshot()).toMatchObject({ isConnected: true, connections: 1 });
    expect(stages(updates)).toEqual(["duplicate_check", "t24_lookup"]);
    stream.close();
    expect(network.live).toBe(0);
  });

  it("may have ended by then, which counts as an attempt", async () => {
    const { stream, updates } = await connectStream();
    network.last.accept();
    network.last.send(stageUpdate("duplicate_check", "started", 1), "5-1");
    network.last.lose();
    await load();
    expect(stages(updates)).toEqual(["duplicate_check"]);
    expect(stream.getSnapshot()).toMatchObject({ connection: "waiting", reason: "ended", connections: 1 });
  });

  it("brings bytes by fetch, in order", async () => {
    const fetched: FakeFetch = createFetch();
    const { stream, updates } = await connectStream({ fetch: fetched.fetch });
    const text = [1, 2].map((n) => `id: 5-${n}\ndata: ${JSON.stringify(stageUpdate(`stage_${n}`, "started", n))}\n\n`);
    fetched.last.accept();
    await settleBody();
    fetched.last.send(text.join("").slice(0, 100));
    await settleBody();
    await load();
    fetched.last.send(text.join("").slice(100));
    await settleBody();
    expect(fetched.requests).toHaveLength(1);
    expect(stages(updates)).toEqual(["stage_1", "stage_2"]);
    stream.close();
    expect(fetched.last.init.signal?.aborted).toBe(true);
  });

  const streams: readonly [string, WorkflowStreamOptions<typeof csvImport>][] = [
    ["every instance", {}],
    ["one", { id: "customers.csv" }],
    ["several, in the page's order", { ids: ["b.csv", "a.csv", "b.csv"] }],
    ["one that ends", { id: "customers.csv", until: "final" }],
    ["an id of every kind of character", { id: "a b&c=d/é€😀!'()*~-._+%" }],
    ["an address with a query and a fragment", { id: "a", url: "/stream?tenant=7#here" }],
  ];
  it.each(streams)("is what the core asks for: %s", async (_name, options) => {
    const { stream } = createWorkflowStream(csvImport, { eventSource: network.EventSource, loadCore, ...options });
    stream.connect();
    await Promise.resolve();
    expect(network.live).toBe(1);
    await load();
    expect(network.sources).toHaveLength(1);
    expect(network.live).toBe(1);
  });

  it("asks for the ids at the end of the page's turn, or for nothing", async () => {
    const options = { eventSource: network.EventSource, loadCore, ids: ["a.csv"] };
    const { stream } = createWorkflowStream(csvImport, options);
    stream.connect();
    stream.close();
    stream.connect();
    stream.follow(["a.csv", "b.csv"]);
    await Promise.resolve();
    expect(network.sources.map(({ url }) => url.split("?")[1])).toEqual(["file=a.csv&file=b.csv"]);
    stream.close();
    stream.connect();
    stream.close();
    await Promise.resolve();
    expect(network.sources).toHaveLength(1);
  });

  it("is closed if the stream asks for something else by then", async () => {
    const options = { eventSource: network.EventSource, loadCore, ids: ["a.csv"] };
    const { stream } = createWorkflowStream(csvImport, options);
    stream.connect();
    await Promise.resolve();
    stream.follow(["b.csv"]);
    await load();
    expect(network.sources.map(({ url }) => url.split("?")[1])).toEqual(["file=a.csv", "file=b.csv"]);
    expect(network.live).toBe(1);
  });

  it("is closed if more than a mebibyte waits, and repeated by the core", async () => {
    const { updates } = await connectStream();
    network.last.accept();
    const half = { message: "x".repeat(512 << 10) };
    network.last.send(stageUpdate("duplicate_check", "started", 1, half), "5-1");
    expect(network.live).toBe(1);
    network.last.send(stageUpdate("t24_lookup", "started", 2, half), "5-2");
    expect(network.live).toBe(0);
    await load();
    expect(network.live).toBe(1);
    expect(network.last.url).not.toContain("lastEventId");
    expect(updates).toEqual([]);
  });

  it("is closed if the module can't be loaded, or the page closes the stream", async () => {
    const { stream } = await connectStream();
    expect(network.live).toBe(1);
    await fail();
    expect(stream.getSnapshot()).toMatchObject({ connection: "waiting", error: { kind: "load_failed" } });
    expect(network.live).toBe(0);
    const other = await connectStream();
    expect(network.live).toBe(1);
    other.stream.close();
    expect(network.live).toBe(0);
  });

  it("waits for the core if the page takes part in each attempt, or there is a cursor", async () => {
    const fetched = createFetch();
    await connectStream({ fetch: fetched.fetch, headers: () => ({ "X-Page": "1" }) });
    await connectStream({ fetch: fetched.fetch, token: () => Promise.resolve("secret") });
    expect(fetched.requests).toHaveLength(0);
    const { stream } = await connectStream();
    await load();
    network.last.accept();
    network.last.send(stageUpdate("duplicate_check", "started", 1), "5-1");
    stream.close();
    stream.connect();
    expect(network.live).toBe(0);
    await load();
    expect(network.last.url).toContain("lastEventId=5-1");
  });

  it("leaves errors to the core, which reports them", async () => {
    const { stream } = await connectStream({
      eventSource: class {
        constructor() {
          throw new SyntaxError("no address");
        }
      } as never,
    });
    expect(stream.getSnapshot().error).toBeNull();
    await load();
    expect(stream.getSnapshot()).toMatchObject({ connection: "closed", error: { kind: "unsupported" } });
  });
});
