import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { acquireStream, peekSnapshot, sharedStreamCount } from "../../src/react/shared_streams.js";
import { registrationWorkflow } from "../../src/generated/registration.js";
import { csvImport } from "../workflow/csv_import.js";
import type { FakeNetwork } from "../fakes.js";
import { createFetch, createNetwork, settle, settleBody, stageUpdate } from "../fakes.js";

let network: FakeNetwork;

beforeEach(() => {
  network = createNetwork();
  vi.stubGlobal("EventSource", network.EventSource);
});

afterEach(() => {
  expect(sharedStreamCount()).toBe(0);
  expect(network.live).toBe(0);
  vi.unstubAllGlobals();
});

describe("shared streams", () => {
  it("have one connection for all who ask for the same, and end with the last of them", async () => {
    const first = acquireStream(registrationWorkflow, { id: 42 });
    const second = acquireStream(registrationWorkflow, {
      id: 42,
      url: "/api/registrations/updates/stream",
    });
    expect(second.stream).toBe(first.stream);
    first.connect();
    second.connect();
    await settle();
    expect(network.sources).toHaveLength(1);
    first.release();
    await settle();
    expect(network.live).toBe(1);
    second.release();
    await settle();
  });

  it("are apart where another user may be asking: by the token's function, and by cookies", async () => {
    const alice = () => Promise.resolve("alice");
    const bob = () => Promise.resolve("bob");
    const keys = [
      { id: 42 },
      { id: 42, token: alice },
      { id: 42, token: bob },
      { id: 42, credentials: "include" },
      { id: 42, credentials: "include", token: bob },
    ] as const;
    const leases = keys.map((key) => acquireStream(registrationWorkflow, key));
    expect(new Set(leases.map(({ stream }) => stream)).size).toBe(keys.length);
    const again = acquireStream(registrationWorkflow, { id: 42, token: alice, credentials: "same-origin" });
    expect(again.stream).toBe(leases[1]?.stream);
    [...leases, again].forEach((lease) => lease.release());
    await settle();
  });

  it("of ids don't pass from one user to another", async () => {
    const [alice, bob] = [() => Promise.resolve("alice"), () => Promise.resolve("bob")];
    const first = acquireStream(registrationWorkflow, { ids: [41], token: alice });
    expect(first.mayBecome({ ids: [42], token: alice })).toBe(true);
    expect(first.mayBecome({ ids: [42], token: bob })).toBe(false);
    first.release();
    const second = acquireStream(registrationWorkflow, { ids: [42], token: bob });
    expect(second.stream).not.toBe(first.stream);
    second.release();
    await settle();
  });

  it("are apart where the workflow, the instances or the end differ, whatever the ids are", async () => {
    const leases = [
      acquireStream(csvImport, {}),
      acquireStream(csvImport, { id: "all" }),
      acquireStream(csvImport, { id: "1" }),
      acquireStream(csvImport, { id: "1", until: "final" }),
      acquireStream(csvImport, { ids: ["1"] }),
      acquireStream(csvImport, { ids: ["1", "2"] }),
      acquireStream(csvImport, { ids: ["1,2"] }),
    ];
    expect(new Set(leases.map((lease) => lease.stream)).size).toBe(leases.length);
    const again = [acquireStream(csvImport, { ids: ["2", "1", "1"] }), acquireStream(csvImport, { id: "1" })];
    expect(again.map((lease) => leases.findIndex(({ stream }) => stream === lease.stream))).toEqual([5, 2]);
    const other = acquireStream(registrationWorkflow, {});
    expect(sharedStreamCount()).toBe(8);
    [...leases, ...again].forEach((lease) => lease.release());
    other.release();
    await settle();
  });

  it("are apart where the registration, the address or the transport differs", async () => {
    const fetches = createFetch();
    vi.stubGlobal("fetch", fetches.fetch);
    const url = "https://bank.example/stream";
    const leases = [
      acquireStream(registrationWorkflow, {}),
      acquireStream(registrationWorkflow, { id: 1 }),
      acquireStream(registrationWorkflow, { id: 2 }),
      acquireStream(registrationWorkflow, { id: 2, url: "/other" }),
      acquireStream(registrationWorkflow, { id: 2, url }),
      acquireStream(registrationWorkflow, { id: 2, url, transport: "fetch" }),
    ];
    expect(new Set(leases.map((lease) => lease.stream)).size).toBe(6);
    for (const lease of leases) {
      lease.connect();
    }
    await settle();
    expect(network.sources.map((source) => source.url)).toEqual([
      "/api/registrations/updates/stream",
      "/api/registrations/updates/stream?registrationId=1",
      "/api/registrations/updates/stream?registrationId=2",
      "/other?registrationId=2",
      `${url}?registrationId=2`,
    ]);
    expect(fetches.requests.map((request) => request.url)).toEqual([`${url}?registrationId=2`]);
    for (const lease of leases) {
      lease.release();
    }
    await settle();
  });

  it("keep their connection when the last one leaves and another comes at once", async () => {
    const first = acquireStream(registrationWorkflow, { id: 42 });
    first.connect();
    await settle();
    first.release();
    const second = acquireStream(registrationWorkflow, { id: 42 });
    second.connect();
    await settle();
    expect(second.stream).toBe(first.stream);
    expect(network.sources).toHaveLength(1);
    expect(network.live).toBe(1);
    second.release();
    await settle();
  });

  it("are connected while somebody wants it", async () => {
    const first = acquireStream(registrationWorkflow, { id: 42 });
    const second = acquireStream(registrationWorkflow, { id: 42 });
    first.connect();
    second.connect();
    await settle();
    first.disconnect();
    await settle();
    expect(network.live).toBe(1);
    second.disconnect();
    await settle();
    expect(network.live).toBe(0);
    expect(peekSnapshot(registrationWorkflow, { id: 42 }).connection).toBe("closed");
    first.connect();
    await settle();
    expect(network.live).toBe(1);
    first.release();
    second.release();
    await settle();
  });

  it("tell a user who disconnects within an update nothing more of what came with it", async () => {
    const fetches = createFetch();
    vi.stubGlobal("fetch", fetches.fetch);
    const key = { id: 42, url: "https://bank.example/stream", transport: "fetch" } as const;
    const [first, second] = [acquireStream(registrationWorkflow, key), acquireStream(registrationWorkflow, key)];
    const heard: string[] = [];
    const listen = (lease: typeof first, name: string, most: number) => {
      let count = 0;
      lease.subscribeToUpdates(({ stage }) => {
        heard.push(`${name} ${stage}`);
        count += 1;
        if (count === most) {
          lease.disconnect();
        }
      });
      lease.connect();
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
    first.connect();
    await settle();
    expect(fetches.last.headers.get("Last-Event-ID")).toBe("1-2");
    first.release();
    second.release();
    await settle();
  });

  it("keep their connection for a user who only leaves, and comes back at once", async () => {
    const lease = acquireStream(registrationWorkflow, { id: 42 });
    lease.connect();
    await settle();
    lease.leave();
    lease.connect();
    await settle();
    expect(network.sources).toHaveLength(1);
    expect(network.live).toBe(1);
    lease.leave();
    await settle();
    expect(network.live).toBe(0);
    lease.release();
    await settle();
  });

  it("take nothing from a user who has left", async () => {
    const lease = acquireStream(registrationWorkflow, { id: 42 });
    lease.release();
    lease.release();
    lease.connect();
    lease.disconnect();
    await settle();
    expect(network.sources).toHaveLength(0);
  });

  it("are not created by looking", () => {
    expect(peekSnapshot(registrationWorkflow, { id: 42 })).toMatchObject({ connection: "idle" });
    expect(sharedStreamCount()).toBe(0);
  });
});
