// @vitest-environment jsdom
import { StrictMode, act, createElement } from "react";
import { hydrateRoot } from "react-dom/client";
import { renderToString } from "react-dom/server";
import { describe, expect, it, vi } from "vitest";

import { RegistrationStream, WorkflowStream } from "../../src/index.js";
import type { RegistrationUpdates, Registrations } from "../../src/react.js";
import {
  RegistrationStreams,
  useRegistration,
  useRegistrationUpdates,
  useRegistrations,
  useSelectedUpdates,
  useStream,
} from "../../src/react.js";
import { csvImport } from "../workflow/csv_import.js";
import { settle } from "../fakes.js";
import { createReactPage, update } from "./react_page.js";

const { network, mount, accept, send, pass } = createReactPage();

const range = (count: number) => Array.from({ length: count }, (_, index) => index + 1);
const idsOfLast = () => new URLSearchParams(network.last.url.split("?")[1]).getAll("registrationId").map(Number);

/** A table of rows that each follow one registration, and their last renders. */
function createTable() {
  const renders = new Map<number, number>();
  const rows = new Map<number, RegistrationUpdates>();
  function Row({ id }: { readonly id: number }) {
    rows.set(id, useRegistrationUpdates({ registrationId: id }));
    renders.set(id, (renders.get(id) ?? 0) + 1);
    return null;
  }
  const row = (id: number) => createElement(Row, { id, key: id });
  const table = (ids: readonly number[]) => createElement("p", null, ids.map(row));
  return { table, rows, renders };
}

describe("a page of rows", () => {
  it.each([false, true])("opens one connection, and is live (strict mode: %s)", async (strict) => {
    const { table, rows, renders } = createTable();
    const element = table(range(8));
    await mount(strict ? createElement(StrictMode, null, element) : element);
    expect(network.sources).toHaveLength(1);
    expect(idsOfLast()).toEqual(range(8));
    await accept();
    expect([...rows.values()].every(({ isConnected }) => isConnected)).toBe(true);
    const before = new Map(renders);
    await send(update(3));
    await send(update(3, 2));
    const more = [...renders].map(([id, count]) => count - (before.get(id) ?? 0));
    expect(more).toEqual(range(8).map((id) => (id === 3 ? (strict ? 4 : 2) : 0)));
    expect(rows.get(3)).toMatchObject({ registration: { registrationId: 3, timestamp: 2 }, reason: "accepted" });
    await pass(5_000);
    expect(network.sources).toHaveLength(1);
  });

  it("shows rows that come later live at once, and keeps the others as they are", async () => {
    const { table, rows, renders } = createTable();
    const page = await mount(table([1, 2]));
    await accept();
    await send(update(1));
    const kept = rows.get(1)?.registration;
    rows.clear();
    await page.render(table([1, 2, 3]));
    expect(rows.get(3)).toMatchObject({ isConnected: true, registration: null });
    // Its first render, which already saw that, and no other.
    expect(renders.get(3)).toBe(1);
    await pass(2_000);
    await accept();
    expect(idsOfLast()).toEqual([1, 2, 3]);
    expect(rows.get(1)?.registration).toBe(kept);
    await page.render(table([2]));
    await pass(2_000);
    expect(idsOfLast()).toEqual([2]);
    expect(network.live).toBe(1);
  });
});

describe("useRegistrations", () => {
  it("shows the views of all its ids, also more than one stream may name", async () => {
    let seen: Registrations | null = null;
    const heard: number[] = [];
    const onUpdate = ({ registrationId }: { readonly registrationId: number }) => void heard.push(registrationId);
    function Page({ ids }: { readonly ids: readonly number[] }) {
      seen = useRegistrations(ids, { onUpdate });
      return null;
    }
    const page = await mount(createElement(Page, { ids: [42, 41] }));
    await accept();
    await send(update(41));
    await send(update(42));
    expect(seen).toMatchObject({ isConnected: true, reason: "accepted", latestUpdate: { registrationId: 42 } });
    expect([...(seen as unknown as Registrations).registrations.keys()]).toEqual([42, 41]);
    await page.render(createElement(Page, { ids: range(150) }));
    await pass(2_000);
    const live = network.sources.filter(({ readyState }) => readyState !== 2);
    expect(live).toHaveLength(2);
    await act(async () => live.forEach((source) => source.accept()));
    expect(seen).toMatchObject({ isConnected: true, connections: 1 });
    expect(heard).toEqual([41, 42]);
  });
});

describe("useRegistration", () => {
  it("renders only when its selection has changed, with a new function each render", async () => {
    const messages: (string | undefined)[] = [];
    function Row() {
      messages.push(useRegistration(42, (registration) => registration?.status));
      return null;
    }
    await mount(createElement(Row));
    await accept();
    await send(update(42, 1));
    await send(update(42, 2));
    await send(update(42, 3));
    expect(messages).toEqual([undefined, "PENDING"]);
  });

  it("compares with the page's own function, and keeps equal selections", async () => {
    const seen: (readonly string[])[] = [];
    function Row({ onRender }: { readonly onRender: () => void }) {
      onRender();
      const stages = useRegistration(42, (registration) => registration?.stages.map(({ name }) => name) ?? [], {
        isEqual: (one, other) => one.join() === other.join(),
      });
      seen.push(stages);
      return null;
    }
    const page = await mount(createElement(Row, { onRender: () => {} }));
    await accept();
    await send(update(42, 1));
    await send({ type: "reset", timestamp: 2 });
    expect(seen).toEqual([[], ["stage_1"]]);
    await page.render(createElement(Row, { onRender: () => {} }));
    expect(seen).toHaveLength(3);
    expect(seen[2]).toBe(seen[1]);
  });

  it("also selects from the connection, and returns the view without a selector", async () => {
    const seen: unknown[] = [];
    function Row() {
      const view = useRegistration(42);
      const isConnected = useRegistration(42, (_, connection) => connection.isConnected);
      seen.push([view?.registrationId, isConnected]);
      return null;
    }
    await mount(createElement(Row));
    await accept();
    await send(update(42));
    expect(seen).toEqual([
      [undefined, false],
      [undefined, true],
      [42, true],
    ]);
  });

  it("follows another registration, and is connected by autoConnect", async () => {
    let seen: number | undefined;
    function Row({ id, autoConnect }: { readonly id: number; readonly autoConnect: boolean }) {
      seen = useRegistration(id, (registration) => registration?.registrationId, { autoConnect });
      return null;
    }
    const page = await mount(createElement(Row, { id: 1, autoConnect: false }));
    expect(network.sources).toHaveLength(0);
    await page.render(createElement(Row, { id: 1, autoConnect: true }));
    await accept();
    await send(update(1));
    expect(seen).toBe(1);
    await page.render(createElement(Row, { id: 2, autoConnect: true }));
    expect(seen).toBeUndefined();
    await pass(2_000);
    await accept();
    await send(update(2));
    expect(seen).toBe(2);
  });
});

describe("a page that was rendered on a server", () => {
  it("hydrates without a warning, and is live then", async () => {
    const complaints = vi.spyOn(console, "error").mockImplementation(() => {});
    const stream = new RegistrationStream({ registrationId: 42 });
    function Page() {
      const { connection } = useStream(stream);
      const stages = useRegistration(42, (registration) => registration?.stages.map(({ name }) => name) ?? []);
      return createElement(RegistrationStreams, null, createElement("p", null, connection, stages));
    }
    const container = document.createElement("div");
    container.innerHTML = renderToString(createElement(Page));
    expect(container.textContent).toBe("idle");
    // Open before hydration.
    stream.connect();
    await settle();
    network.last.accept();
    const root = await act(async () => hydrateRoot(container, createElement(Page)));
    await pass(0);
    expect(container.textContent).toBe("open");
    await act(async () => network.sources.forEach((source) => source.accept()));
    await send(update(42));
    expect(container.textContent).toBe("openstage_1");
    await act(async () => root.unmount());
    stream.close();
    expect(complaints).not.toHaveBeenCalled();
    complaints.mockRestore();
  });
});

describe("useSelectedUpdates", () => {
  it("selects from any workflow", async () => {
    const seen: number[] = [];
    function Count() {
      seen.push(useSelectedUpdates(csvImport, ({ views }) => views.size, { ids: ["a", "b"] }));
      return null;
    }
    await mount(createElement(Count));
    await accept();
    const data = { file: "a", status: "RUNNING", timestamp: 1 };
    await send({ type: "update", data });
    await send({ type: "update", data: { ...data, timestamp: 2 } });
    expect(seen).toEqual([0, 1]);
  });
});

describe("useStream", () => {
  it("shows a stream of the page's own, and leaves it to its owner", async () => {
    const stream = new RegistrationStream({ registrationId: 42 });
    const seen: unknown[] = [];
    function Page({ isShown }: { readonly isShown: boolean }) {
      return isShown ? createElement(Shown) : null;
    }
    function Shown() {
      const { connection, registration } = useStream(stream);
      seen.push([connection, registration?.registrationId]);
      return null;
    }
    const page = await mount(createElement(Page, { isShown: true }));
    expect(seen).toEqual([["idle", undefined]]);
    await act(async () => {
      stream.connect();
      await settle();
    });
    await accept();
    await send(update(42));
    expect(seen.at(-1)).toEqual(["open", 42]);
    await page.render(createElement(Page, { isShown: false }));
    expect(network.live).toBe(1);
    const { length } = seen;
    await act(async () => stream.close());
    expect(seen).toHaveLength(length);
  });

  it("knows the names of the stream's workflow", async () => {
    const stream = new WorkflowStream(csvImport, { id: "a" });
    const files = vi.fn<(file: string | undefined) => void>();
    function Page() {
      files(useStream(stream).view?.file);
      return null;
    }
    await mount(createElement(Page));
    expect(files).toHaveBeenLastCalledWith(undefined);
  });
});
