import { describe, expect, it, vi } from "vitest";

import { sharedStreamCount } from "../../src/pool/stream_pool.js";
import { csvImport } from "../workflow/csv_import.js";
import { settle } from "../fakes.js";
import { acceptAll, connected, createPage, idsOf, passFrame, update } from "./pool_users.js";

const { network, follow } = createPage();
const idsOfLast = () => idsOf(network.last.url, "registrationId").map(Number);

describe("more ids than one stream may name", () => {
  const range = (count: number, from = 1) => Array.from({ length: count }, (_, index) => from + index);
  const open = () => network.sources.filter(({ readyState }) => readyState !== 2);
  const idsOfOpen = () => open().map(({ url }) => idsOf(url, "registrationId").length);

  it("open a second stream, which closes when there is room again", async () => {
    const rows = range(101).map((id) => follow({ id }));
    const table = follow({ ids: range(101) });
    await settle();
    expect(idsOfOpen()).toEqual([100, 1]);
    const [large, small] = open();
    large?.accept();
    expect(rows[0]?.seen.isConnected).toBe(true);
    expect(rows[100]?.seen.isConnected).toBe(false);
    expect(table.seen).toMatchObject({ isConnected: false, connection: "connecting" });
    small?.accept();
    expect(table.seen).toMatchObject({ isConnected: true, connection: "open", connections: 1 });
    small?.send(update(101));
    large?.send(update(1));
    expect(table.heard).toEqual([101, 1]);
    expect(table.seen).toMatchObject({ latestUpdate: { registrationId: 1 } });
    expect([...table.seen.views.keys()]).toEqual([1, 101]);
    small?.lose();
    expect(table.seen).toMatchObject({ isConnected: false, connection: "waiting" });
    expect(rows[0]?.seen.isConnected).toBe(true);
    vi.advanceTimersByTime(2_000);
    await acceptAll(network);
    expect(table.seen).toMatchObject({ isConnected: true, connections: 2 });
    table.unmount();
    rows[100]?.unmount();
    await settle();
    expect(idsOfOpen()).toEqual([100]);
    expect(sharedStreamCount()).toBe(1);
    rows[50]?.unmount();
    follow({ id: 200 });
    await settle();
    await passFrame();
    expect(idsOfOpen()).toEqual([100]);
    expect(idsOfLast()).toContain(200);
  });

  it("are added to an open stream, not to one that is closed without users", async () => {
    const rows = range(101).map((id) => follow({ id }));
    await settle();
    await acceptAll(network);
    rows.slice(0, 100).forEach(({ lease }) => lease.disconnect());
    follow({ id: 200 });
    await passFrame();
    expect(idsOfOpen()).toEqual([2]);
    expect(idsOfLast()).toEqual([101, 200]);
  });

  it("stay on their streams, and one page of a list takes the places of another", async () => {
    const pages = [range(100), range(100, 1_001)] as const;
    const rows = pages[0].map((id) => follow({ id }));
    await settle();
    await acceptAll(network);
    rows.forEach((row) => row.unmount());
    const next = pages[1].map((id) => follow({ id }));
    await passFrame();
    expect(idsOfOpen()).toEqual([100]);
    expect(idsOfLast()).toEqual(pages[1]);
    expect(next.every(({ seen }) => seen.isConnected && seen.connections === 1)).toBe(true);
  });

  it("are as many as their texts allow", async () => {
    const files = range(100).map((number) => `${"é".repeat(20)}!${number}`);
    const all = connected(csvImport, { ids: files });
    await settle();
    expect(open().length).toBeGreaterThan(1);
    expect(open().flatMap(({ url }) => idsOf(url, "file"))).toEqual(files);
    expect(all.seen).toMatchObject({ connection: "connecting", error: null });
    all.unmount();
    await settle();
  });
});
