// @vitest-environment jsdom
import { act, createElement } from "react";
import type { Root } from "react-dom/client";
import { createRoot } from "react-dom/client";
import { afterEach, beforeEach, describe, expect, expectTypeOf, it, vi } from "vitest";

import type { Updates, UseUpdatesOptions } from "../../src/react.js";
import { useUpdates } from "../../src/react.js";
import { sharedStreamCount } from "../../src/pool/stream_pool.js";
import { csvImport } from "../workflow/csv_import.js";
import type { FakeNetwork } from "../fakes.js";
import { createFetch, createNetwork, settle } from "../fakes.js";

type CsvImport = typeof csvImport;
type Options = UseUpdatesOptions<CsvImport>;

let network: FakeNetwork;
let roots: Root[];

beforeEach(() => {
  network = createNetwork();
  roots = [];
  vi.stubGlobal("EventSource", network.EventSource);
  vi.stubGlobal("IS_REACT_ACT_ENVIRONMENT", true);
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance", "Date"] });
});

afterEach(async () => {
  await act(async () => {
    roots.forEach((root) => root.unmount());
    await settle();
  });
  expect(sharedStreamCount()).toBe(0);
  expect(network.live).toBe(0);
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** A component that records the hook's result of each render. */
async function mount(options: Options) {
  const renders: Updates<CsvImport>[] = [];
  function Probe(props: Options) {
    renders.push(useUpdates(csvImport, props));
    return null;
  }
  const root = createRoot(document.createElement("div"));
  roots.push(root);
  const render = (props: Options) =>
    act(async () => {
      root.render(createElement(Probe, props));
      await settle();
    });
  await render(options);
  return {
    render,
    renders,
    unmount: () => act(async () => root.unmount()),
    get updates(): Updates<CsvImport> {
      const last = renders.at(-1);
      if (last === undefined) {
        throw new Error("Nothing was rendered");
      }
      return last;
    },
  };
}

const passFrame = () =>
  act(async () => {
    vi.advanceTimersByTime(20);
    await settle();
  });
const accept = () => act(async () => network.last.accept());
const send = (data: unknown, id = "") => act(async () => network.last.send(data, id));
const snapshotOf = (file: string, status = "RUNNING") => ({
  type: "snapshot",
  data: { file, status, message: file, stages: [], timestamp: 1 },
  timestamp: 1,
});
const queryOf = (url: string) => new URLSearchParams(url.split("?")[1]);

describe("useUpdates", () => {
  it("follows one instance of its workflow, with the workflow's names as types", async () => {
    const heard: string[] = [];
    const page = await mount({
      id: "a.csv",
      onUpdate: (update) => {
        expectTypeOf(update.file).toEqualTypeOf<string>();
        heard.push(`${update.file} ${update.stage ?? ""}`);
      },
    });
    expect(network.last.url).toBe("/api/imports/updates/stream?file=a.csv");
    await accept();
    await send({ type: "update", data: { file: "a.csv", status: "RUNNING", stage: "read", message: "Reading" } });
    expect(heard).toEqual(["a.csv read"]);
    expect(page.updates).toMatchObject({ isConnected: true, view: { file: "a.csv", stage: "read" }, error: null });
    expect(page.updates.views.get("a.csv")).toBe(page.updates.view);
  });

  it("keeps its connection and views when its ids change", async () => {
    const page = await mount({ ids: ["a", "b"] });
    await accept();
    await send(snapshotOf("a"), "0-0");
    await send(snapshotOf("b"), "5-1");
    const kept = page.updates.views.get("b");
    const before = page.renders.length;
    await page.render({ ids: ["b", "c"] });
    expect(network.sources).toHaveLength(1);
    await passFrame();
    expect(network.sources).toHaveLength(2);
    expect(queryOf(network.last.url).getAll("snapshot")).toEqual(["c"]);
    await accept();
    await send(snapshotOf("c"), "5-1");
    expect([...page.updates.views.keys()]).toEqual(["b", "c"]);
    expect(page.updates.views.get("b")).toBe(kept);
    const since = page.renders.slice(before);
    expect(since.every(({ isConnected, connections }) => isConnected && connections === 1)).toBe(true);
  });

  it("treats a new list of the same ids as no change", async () => {
    const page = await mount({ ids: ["a", "b"] });
    await accept();
    await page.render({ ids: ["b", "a", "a"] });
    await passFrame();
    expect(network.sources).toHaveLength(1);
  });

  it("shares a stream, whatever the ids; a component that changes its own leaves others unchanged", async () => {
    const first = await mount({ ids: ["a", "b"] });
    const second = await mount({ ids: ["b", "a"] });
    await accept();
    expect(network.sources).toHaveLength(1);
    expect([first.updates.isConnected, second.updates.isConnected]).toEqual([true, true]);
    await send(snapshotOf("a"), "5-1");
    await second.render({ ids: ["c"] });
    await passFrame();
    expect(sharedStreamCount()).toBe(1);
    expect(queryOf(network.last.url).getAll("file")).toEqual(["a", "b", "c"]);
    await accept();
    await send(snapshotOf("c"), "5-1");
    expect([...first.updates.views.keys()]).toEqual(["a"]);
    expect([...second.updates.views.keys()]).toEqual(["c"]);
  });

  it("asks for nothing while its list is empty", async () => {
    const page = await mount({ ids: [] });
    expect(page.updates.connection).toBe("idle");
    expect(network.sources).toEqual([]);
    await page.render({ ids: ["a"] });
    expect(network.live).toBe(1);
    await page.render({ ids: [] });
    expect(network.live).toBe(0);
    expect(page.updates).toMatchObject({ connection: "idle", error: null });
  });

  it("reports ids that one stream can't name", async () => {
    const page = await mount({ ids: ["a"] });
    await page.render({ ids: ["a", "*"] });
    expect(page.updates).toMatchObject({ connection: "closed", error: { kind: "invalid_options" } });
  });

  it("ends with its instance if asked to", async () => {
    const page = await mount({ id: "a", until: "final" });
    await accept();
    await send(snapshotOf("a", "IMPORTED"), "5-2");
    await send({ type: "end", id: "5-2", timestamp: 1 }, "5-2-end");
    expect(page.updates).toMatchObject({ connection: "closed", isConnected: false, error: null });
    expect(page.updates.view?.isFinal).toBe(true);
  });

  it("opens another stream for another user's token", async () => {
    const tickets = createFetch();
    vi.stubGlobal("fetch", tickets.fetch);
    const url = "http://127.0.0.1/stream";
    const asAlice = () => Promise.resolve("alice");
    const asBob = () => Promise.resolve("bob");
    const options = { id: "a", url, transport: "eventsource", credentials: "include", token: asAlice } as const;
    const page = await mount(options);
    await page.render({ ...options });
    await page.render({ ...options, token: asBob });
    expect(tickets.requests.map(({ headers }) => headers.get("Authorization"))).toEqual(["Bearer alice", "Bearer bob"]);
    expect(tickets.requests.map(({ isLive, init }) => [isLive, init.credentials])).toEqual([
      [false, "include"],
      [true, "include"],
    ]);
    await page.unmount();
    expect(tickets.live).toBe(0);
  });

  it("has types with only its workflow's names", () => {
    expectTypeOf<NonNullable<Updates<CsvImport>["view"]>>().not.toHaveProperty("registrationId");
    expectTypeOf<NonNullable<Updates<CsvImport>["latestUpdate"]>["stage"]>().toEqualTypeOf<
      "read" | "write" | (string & {}) | undefined
    >();
    expectTypeOf<Options["ids"]>().toEqualTypeOf<readonly string[] | undefined>();
  });
});
