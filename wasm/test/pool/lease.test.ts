import { describe, expect, it, vi } from "vitest";

import { registrationWorkflow } from "../../src/generated/registration.js";
import { Lease } from "../../src/pool/lease.js";
import { sharedStreamCount } from "../../src/pool/stream_pool.js";
import { csvImport } from "../workflow/csv_import.js";
import { createFetch, settle, settleBody, stageUpdate } from "../fakes.js";
import type { Options } from "./pool_users.js";
import { acceptAll, connected, createPage, idsOf, passFrame, update } from "./pool_users.js";

const { network, user, follow } = createPage();
const idsOfLast = () => idsOf(network.last.url, "registrationId").map(Number);

describe("users of a page", () => {
  it("share one connection, whatever ids they follow", async () => {
    const rows = [1, 2, 3, 4, 5, 6, 7, 8].map((id) => follow({ id }));
    await settle();
    expect(network.sources).toHaveLength(1);
    expect(idsOfLast()).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    await acceptAll(network);
    expect(rows.every(({ seen }) => seen.isConnected && seen.connections === 1)).toBe(true);
  });

  it("each see the views and the last update of their own ids, and of no others", async () => {
    const [one, two, both] = [follow({ id: 1 }), follow({ id: 2 }), follow({ ids: [2, 1] })];
    await settle();
    await acceptAll(network);
    network.last.send(update(1, 5));
    network.last.send(update(2, 6));
    network.last.send(update(1, 7));
    expect([one.heard, two.heard, both.heard]).toEqual([[1, 1], [2], [1, 2, 1]]);
    expect(one.seen).toMatchObject({ view: { registrationId: 1 }, latestUpdate: { registrationId: 1, timestamp: 7 } });
    expect([...one.seen.views.keys()]).toEqual([1]);
    expect(two.seen).toMatchObject({ view: { registrationId: 2 }, latestUpdate: { registrationId: 2, timestamp: 6 } });
    expect(both.seen).toMatchObject({ view: null, latestUpdate: { registrationId: 1, timestamp: 7 } });
    expect([...both.seen.views.keys()]).toEqual([2, 1]);
    expect(both.seen.views.get(2)).toBe(two.seen.view);
  });

  it("are notified only of their own ids and the connection, and keep their snapshot until then", async () => {
    const [one, two] = [follow({ id: 1 }), follow({ id: 2 })];
    await settle();
    await acceptAll(network);
    network.last.send(update(1));
    const seen = one.seen;
    const changes = one.changes;
    network.last.send(update(2));
    network.last.send(update(2, 2));
    expect(one.seen).toBe(seen);
    expect(one.changes).toBe(changes);
    network.last.send(update(1, 3));
    expect(one.changes).toBe(changes + 1);
    expect(one.seen.views).not.toBe(seen.views);
    const { view, views } = one.seen;
    const data = { registrationId: 2, status: "OPEN", message: "", stages: [], timestamp: 4 };
    const changesOfTwo = two.changes;
    network.last.send({ type: "snapshot", data, timestamp: 4 });
    expect([one.changes, two.changes, two.seen.view?.status]).toEqual([changes + 1, changesOfTwo + 1, "OPEN"]);
    // A repeated update, so the view stays the same; it still is the latest update.
    network.last.send(update(1, 3));
    expect([one.changes, two.changes]).toEqual([changes + 2, changesOfTwo + 1]);
    network.last.send({ type: "reset", timestamp: 4 });
    expect(one.seen).toMatchObject({ resets: 1, view: { hasGap: true } });
    const before = [one.changes, two.changes];
    network.last.lose();
    expect([one.changes, two.changes]).toEqual(before.map((count) => count + 1));
    expect([one.seen.connection, two.seen.connection, one.seen.reason]).toEqual(["waiting", "waiting", "ended"]);
    expect(one.seen.view).not.toBe(view);
    expect(one.seen.views).not.toBe(views);
    expect(two.seen.view).toMatchObject({ registrationId: 2 });
  });

  it("are notified of a change, also if it was read before", async () => {
    const one = follow({ id: 1 });
    const other = follow({ id: 1 });
    other.lease.subscribeToUpdates(() => void one.seen);
    await settle();
    await acceptAll(network);
    const { changes } = one;
    network.last.send(update(1));
    expect(one.changes).toBe(changes + 1);
  });

  it("come and go without a loss: one reconnect a frame, however many there are", async () => {
    const first = follow({ id: 1 });
    await settle();
    await acceptAll(network);
    const more = [2, 3, 4].map((id) => follow({ id }));
    await settle();
    expect(network.sources).toHaveLength(1);
    // Not held back until the new connection is open: the current one continues.
    expect(more.map(({ seen }) => [seen.isConnected, seen.view])).toEqual([1, 2, 3].map(() => [true, null]));
    await passFrame();
    expect(network.sources).toHaveLength(2);
    expect(idsOfLast()).toEqual([1, 2, 3, 4]);
    await acceptAll(network);
    expect(first.seen).toMatchObject({ isConnected: true, connections: 1, resets: 0 });
    more[0]?.unmount();
    more[2]?.unmount();
    await settle();
    await passFrame(2_000);
    expect(idsOfLast()).toEqual([1, 3]);
  });

  it("that come late see existing views before they have mounted", async () => {
    follow({ id: 1 });
    await settle();
    await acceptAll(network);
    network.last.send(update(1, 5));
    const late = user({ id: 1 });
    expect(late.lease.getSnapshot(true)).toMatchObject({ isConnected: true, view: {}, latestUpdate: { timestamp: 5 } });
    expect(late.lease.getSnapshot(true)).toBe(late.lease.getSnapshot(true));
    const other = user({ id: 2 });
    expect(other.lease.getSnapshot(true)).toMatchObject({ isConnected: true, view: null, latestUpdate: null });
    expect(user({ id: 1 }).lease.getSnapshot()).toMatchObject({ connection: "idle", view: null });
    late.mount().connect();
    await passFrame();
    expect(network.sources).toHaveLength(1);
    expect(late.heard).toEqual([]);
  });

  it("don't break the stream of others by an invalid id", async () => {
    const [good, bad, mixed] = [follow({ id: 1 }), follow({ id: 0 }), follow({ ids: [2, 0.5] })];
    await settle();
    await acceptAll(network);
    expect(idsOfLast()).toEqual([1]);
    expect(good.seen).toMatchObject({ isConnected: true, error: null });
    for (const { seen } of [bad, mixed]) {
      expect(seen).toMatchObject({ connection: "closed", reason: "failed_here", error: { kind: "invalid_options" } });
      expect(seen.isConnected).toBe(false);
    }
    expect(bad.seen).toBe(bad.seen);
  });

  it.each<[string, Options]>([
    ["an id and a list of ids", { id: 1, ids: [2] }],
    ["an end without an id", { until: "final" }],
  ])("get an error for %s", (_, options) => {
    expect(follow(options).seen.error?.kind).toBe("invalid_options");
    expect(network.sources).toEqual([]);
  });

  it("ask for nothing by an empty list", async () => {
    expect(follow({ ids: [] }).seen.connection).toBe("idle");
    await settle();
    expect(sharedStreamCount()).toBe(0);
  });

  it("share one stream of every instance, and one for the end of each", async () => {
    const until = "final";
    const options: Options[] = [{}, {}, { id: 1, until }, { id: 1, until }, { id: 2, until }, { id: 1 }];
    const all = options.map(follow);
    await settle();
    expect(network.sources.map(({ url }) => url.split("?")[1] ?? "").sort()).toEqual([
      "",
      "registrationId=1",
      "registrationId=1&until=final",
      "registrationId=2&until=final",
    ]);
    network.sources.find(({ url }) => !url.includes("?"))?.accept();
    network.sources.find(({ url }) => !url.includes("?"))?.send(update(7));
    expect(all.map(({ heard }) => heard)).toEqual([[7], [7], [], [], [], []]);
    expect(all[0]?.seen).toMatchObject({ view: null, latestUpdate: { registrationId: 7 } });
    const ending = network.sources.find(({ url }) => url.includes("registrationId=1&until"));
    ending?.accept();
    const before = all[2]?.changes ?? 0;
    const data = { registrationId: 1, status: "OPEN", message: "", stages: [], timestamp: 1 };
    ending?.send({ type: "snapshot", data, timestamp: 1 });
    expect(all[2]?.changes).toBe(before + 1);
    expect(all[2]?.seen.view).toMatchObject({ registrationId: 1 });
  });
});

describe("a user who disconnects", () => {
  it("leaves the stream to the others, who keep its connection", async () => {
    const [one, two, again] = [follow({ id: 1 }), follow({ id: 2 }), follow({ id: 2 })];
    await settle();
    await acceptAll(network);
    network.last.send(update(2));
    two.lease.disconnect();
    network.last.send(update(2, 2));
    await passFrame();
    // Another one still wants the id.
    expect(network.sources).toHaveLength(1);
    expect([two.heard, again.heard]).toEqual([[2], [2, 2]]);
    expect(two.seen).toMatchObject({ connection: "closed", reason: "requested", isConnected: false });
    expect(two.seen.view).toMatchObject({ timestamp: 1 });
    again.lease.disconnect();
    await passFrame();
    expect(idsOfLast()).toEqual([1]);
    expect(one.seen.isConnected).toBe(true);
    two.connect();
    expect(two.seen).toMatchObject({ isConnected: true, view: null });
    await passFrame(2_000);
    expect(idsOfLast()).toEqual([1, 2]);
  });

  it("as the last one closes the stream at once, within an update, and resumes behind it", async () => {
    const fetches = createFetch();
    vi.stubGlobal("fetch", fetches.fetch);
    const options: Options = { id: 42, url: "https://bank.example/stream", transport: "fetch" };
    const [first, second] = [follow(options), follow(options)];
    const heard: string[] = [];
    const listen = ({ lease }: typeof first, name: string, most: number) => {
      let count = 0;
      lease.subscribeToUpdates(({ stage }) => {
        heard.push(`${name} ${stage}`);
        count += 1;
        if (count === most) {
          lease.disconnect();
        }
      });
    };
    listen(first, "first", 1);
    listen(second, "second", 2);
    await settle();
    fetches.last.accept();
    await settleBody();
    fetches.last.send(
      ["one", "two", "three"]
        .map((stage, index) => `id: 1-${index + 1}\ndata: ${JSON.stringify(stageUpdate(stage, "started", index))}\n\n`)
        .join(""),
    );
    await settleBody();
    expect(heard).toEqual(["first one", "second one", "second two"]);
    expect(fetches.live).toBe(0);
    expect(first.seen.connection).toBe("closed");
    first.connect();
    await settle();
    expect(heard.slice(3)).toEqual(["first three"]);
    expect(fetches.last.headers.get("Last-Event-ID")).toBe("1-3");
    expect(first.seen.view).not.toBe(null);
  });

  it("gets nothing more if another user's listener has disconnected it", async () => {
    const [one, two] = [follow({ id: 1 }), follow({ id: 1 })];
    one.lease.subscribeToUpdates(() => two.lease.disconnect());
    await settle();
    await acceptAll(network);
    network.last.send(update(1));
    expect([one.heard, two.heard]).toEqual([[1], []]);
  });

  it("makes room for others, and finds a place again", async () => {
    const [one, two] = [follow({ id: 1 }), user({ id: 2 }).mount()];
    await settle();
    one.lease.disconnect();
    two.connect();
    await settle();
    expect(network.live).toBe(1);
    expect(idsOfLast()).toEqual([2]);
    one.connect();
    await acceptAll(network);
    await passFrame();
    expect(network.live).toBe(1);
    expect(idsOfLast()).toEqual([2, 1]);
  });
});

describe("a user who leaves", () => {
  it("and mounts again within one commit keeps the connection", async () => {
    const [first, second] = [follow({ id: 42 }), follow({ id: 43 })];
    await settle();
    await acceptAll(network);
    for (const one of [first, second]) {
      one.unmount();
      one.lease.disconnect();
    }
    for (const one of [first, second]) {
      one.mount().connect();
    }
    await passFrame();
    expect(network.sources).toHaveLength(1);
    expect(first.seen).toMatchObject({ isConnected: true, connections: 1 });
  });

  it("hands the connection to a user that comes at once, for any id", async () => {
    const first = follow({ id: 1 });
    await settle();
    await acceptAll(network);
    first.unmount();
    const second = follow({ id: 2 });
    await settle();
    await passFrame();
    expect(network.sources).toHaveLength(2);
    expect(network.live).toBe(1);
    expect(idsOfLast()).toEqual([2]);
    expect(second.seen).toMatchObject({ isConnected: true, connections: 1 });
  });

  it("takes nothing away that another user needs", async () => {
    const one = follow({ id: 1 });
    one.unmount();
    one.unmount();
    one.connect();
    one.lease.disconnect();
    await settle();
    expect(network.live).toBe(0);
  });

  it("closes the stream a microtask later if it was the last one", async () => {
    const one = follow({ id: 1 });
    await settle();
    one.unmount();
    expect(network.live).toBe(1);
    await settle();
    expect(network.live).toBe(0);
    expect(one.seen).toMatchObject({ connection: "closed", reason: "requested" });
  });
});

describe("an endpoint of its own", () => {
  it("is used for a possibly different user, another address or other options", async () => {
    const fetches = createFetch();
    vi.stubGlobal("fetch", fetches.fetch);
    const [alice, bob] = [() => Promise.resolve("alice"), () => Promise.resolve("bob")];
    const url = "https://bank.example/stream";
    const headers = { "X-Branch": "Bole" };
    const different: Options[] = [
      {},
      { url },
      { url, token: alice },
      { url, token: bob },
      { credentials: "include" },
      { url, transport: "fetch" },
      { url, headers },
      { url, headers: { "X-Branch": "Piassa" } },
      { url, headers: () => headers },
      { policy: "standard" },
      { seed: [1, 2] },
      { shareAcrossTabs: true },
    ];
    const same: Options[] = [
      { url: "/api/registrations/updates/stream", credentials: "same-origin", policy: "resilient" },
      { url, token: alice },
      { url, headers: { ...headers } },
      { url, headers: new Headers(headers) },
      { shareAcrossTabs: true },
    ];
    different.forEach((options) => follow({ id: 1, ...options }));
    expect(sharedStreamCount()).toBe(different.length);
    same.slice(0, 3).forEach((options) => follow({ id: 1, ...options }));
    expect(sharedStreamCount()).toBe(different.length);
    const other = connected(csvImport, { id: "1" });
    expect(sharedStreamCount()).toBe(different.length + 1);
    other.unmount();
  });

  it("is not opened by reading a snapshot", () => {
    expect(new Lease(registrationWorkflow, { id: 42 }).getSnapshot(true)).toMatchObject({ connection: "idle" });
    expect(sharedStreamCount()).toBe(0);
  });
});
