import { readFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";

import { afterEach, describe, expect, it, vi } from "vitest";

import type { CoreClientOptions } from "../../src/core/core_client.js";
import { CoreClient } from "../../src/core/core_client.js";
import { EventStreamParser } from "../../src/core/event_stream_parser.js";
import { loadCore } from "../../src/core/load_core.js";
import type { MessageBatch } from "../../src/core/message_batch.js";
import type { RegistrationWorkflow } from "../../src/generated/registration.js";
import type { RegistrationClient, RegistrationViewReader } from "../fakes.js";
import { freshPage } from "../fresh_page.js";
import { clientOptions, createViewReader, modulePath, openClient as clientOf, stageUpdate } from "../fakes.js";

const moduleUrl = pathToFileURL(modulePath);

/** The loader in the state of a page's first import. */
async function freshLoader() {
  freshPage();
  return await import("../../src/core/load_core.js");
}

afterEach(() => {
  vi.unstubAllGlobals();
});

describe("loading the module", () => {
  it("reads the file in Node, once, however many ask", async () => {
    const loader = await freshLoader();
    const first = loader.loadCore(moduleUrl);
    expect(loader.loadCore()).toBe(first);
    expect((await first).exports.abi_version()).toBe(10);
  });

  it("takes the module's bytes", async () => {
    const loader = await freshLoader();
    const core = await loader.loadCore(await readFile(moduleUrl));
    expect(core.exports.abi_version()).toBe(10);
  });

  it.each(["application/wasm", "application/wasm; charset=x", "application/octet-stream", ""])(
    "fetches it where the server calls it %j",
    async (type) => {
      const bytes = await readFile(moduleUrl);
      vi.stubGlobal("fetch", async () => new Response(new Uint8Array(bytes), { headers: { "Content-Type": type } }));
      const loader = await freshLoader();
      const core = await loader.loadCore("https://bank.example/regstream.wasm");
      expect(core.exports.abi_version()).toBe(10);
    },
  );

  it("forgets a load that failed, so that the next one tries again", async () => {
    const answers = [
      new Response("gone", { status: 404 }),
      new Response("<html>", { headers: { "Content-Type": "text/html" } }),
      new Response(new Uint8Array(await readFile(moduleUrl))),
    ];
    vi.stubGlobal("fetch", async () => answers.shift());
    const loader = await freshLoader();
    const url = "https://bank.example/regstream.wasm";
    await expect(loader.loadCore(url)).rejects.toThrow(`${url} answered with status 404`);
    await expect(loader.loadCore(url)).rejects.toThrow();
    expect((await loader.loadCore(url)).exports.abi_version()).toBe(10);
  });

  it("tries the given address again, also if the next call names none", async () => {
    const answers = [
      new Response("gone", { status: 503 }),
      new Response(new Uint8Array(await readFile(moduleUrl))),
      new Response(new Uint8Array(await readFile(moduleUrl))),
    ];
    const fetch = vi.fn(async (_address: string) => answers.shift());
    vi.stubGlobal("fetch", fetch);
    const loader = await freshLoader();
    const url = "https://bank.example/regstream.wasm";
    await expect(loader.loadCore(url)).rejects.toThrow("503");
    const first = await loader.loadCore();
    first.abandon();
    expect(await loader.loadCore()).not.toBe(first);
    expect(fetch.mock.calls).toEqual([[url], [url], [url]]);
  });

  it("refuses a module of another package", async () => {
    const empty = new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
    const loader = await freshLoader();
    await expect(loader.loadCore(empty)).rejects.toThrow("another version of this package");
  });

  it("is small: a page starts it with 256 KiB", async () => {
    const loader = await freshLoader();
    const core = await loader.loadCore(moduleUrl);
    expect(core.exports.memory.buffer.byteLength).toBe(262_144);
  });
});

const accepted = { status: 200, isEventStream: true, coding: undefined, retryAfterMs: undefined };

type Options = Partial<CoreClientOptions<RegistrationWorkflow>> & { readonly viewJson?: string };

async function createClient({ viewJson = "", ...options }: Options = {}) {
  const core = await loadCore();
  const client = new CoreClient<RegistrationWorkflow>(core, { ...clientOptions, ...options });
  client.restore(42, viewJson);
  return client;
}

async function openClient(options: Options = {}) {
  const client = await createClient(options);
  client.connect(0);
  while (client.poll() !== null);
  client.response(1, accepted, 0);
  while (client.poll() !== null);
  return client;
}

const readers = new WeakMap<RegistrationClient, RegistrationViewReader>();

/** Reads the view and the cursor from a batch of `client`. */
function follow(client: RegistrationClient, batch: MessageBatch<RegistrationWorkflow> | null) {
  const reader = readers.get(client) ?? createViewReader();
  readers.set(client, reader);
  let viewChanged = false;
  batch?.readViews(() => {
    viewChanged = true;
    return reader;
  });
  return { viewChanged, cursor: batch?.cursorAtEnd()() };
}

/** The last view that was read. */
const viewOf = (client: RegistrationClient) => readers.get(client)?.view ?? null;

/** The kind and content of one event, as the core reports it. */
function event(client: RegistrationClient, data: string, lastEventId?: string, attempt = 1) {
  const batch = client.event(attempt, data, lastEventId, 1);
  const { viewChanged } = follow(client, batch);
  if (batch === null) {
    return { kind: "stale" };
  }
  expect(batch.length).toBe(1);
  const kind = batch.kind(0);
  return kind === "malformed" || kind === "too_large" ? { kind, problem: batch.message(0) } : { kind, viewChanged };
}

describe("the core behind its ABI", () => {
  it("opens a transport, and reconnects after a loss with its cursor", async () => {
    const client = await createClient();
    const log: unknown[] = [];
    const drain = () => {
      for (let action = client.poll(); action !== null; action = client.poll()) {
        log.push(action.kind === "state_changed" ? `${action.to}: ${action.reason}` : action);
      }
    };
    client.connect(0);
    drain();
    client.response(1, accepted, 10);
    client.event(1, '{"type":"connected","timestamp":1}', "1700-4", 10);
    drain();
    client.end(1, "ended", 20);
    drain();
    const due = client.deadline();
    expect(due).toBeGreaterThanOrEqual(1_020);
    expect(due).toBeLessThanOrEqual(2_020);
    client.handleDeadline(due);
    drain();
    expect(log.filter((entry) => typeof entry === "string")).toEqual([
      "connecting: requested",
      "open: accepted",
      "waiting: ended",
      "connecting: retry_due",
    ]);
    expect(log.filter((entry) => typeof entry !== "string")).toEqual([
      { kind: "open", attempt: 1, lastEventId: "", query: "registrationId=42", transport: "preferred" },
      { kind: "close" },
      { kind: "open", attempt: 2, lastEventId: "1700-4", query: "registrationId=42", transport: "preferred" },
    ]);
    client.dispose();
  });

  it("reports the kind of each message", async () => {
    const client = await openClient();
    const kind = (data: unknown) => event(client, JSON.stringify(data)).kind;
    expect(kind({ type: "connected", timestamp: 1 })).toBe("connected");
    expect(kind({ type: "ping", timestamp: 1 })).toBe("ping");
    expect(kind({ type: "reset", timestamp: 1 })).toBe("reset");
    expect(kind({ type: "something-new" })).toBe("other");
    expect(kind(stageUpdate("duplicate_check", "started", 1))).toBe("update");
    expect(kind(stageUpdate("duplicate_check", "started", 1, { registrationId: 43 }))).toBe("other");
    expect(kind({ type: "update", data: { status: "PENDING" } })).toBe("malformed");
    expect(event(client, '{"type":"ping"}', undefined, 9).kind).toBe("stale");
    client.dispose();
  });

  it.each([
    "",
    "{",
    "null",
    "[]",
    "4",
    '"text"',
    '{"type":"update"}',
    '{"type":"update","data":7}',
    '{"type":"update","data":{"registrationId":"x","status":"PENDING"}}',
    '{"type":"update","data":{"registrationId":1e400,"status":"PENDING"}}',
    '{"type":"update","data":{"registrationId":42,"status":"PENDING"}',
    '{"type":"snapshot","data":[]}',
    `{"type":"update","data":${"[".repeat(100_000)}`,
    `{"type":"update","data":{"registrationId":42,"status":"P","details":` +
      `${'{"a":'.repeat(5_000)}1${"}".repeat(5_000)}}}`,
    "\u0000",
    "{\ud800}",
  ])("reports data that is not a message as malformed, with the reason (%#)", async (data) => {
    const client = await openClient();
    const message = event(client, data);
    expect(message).toEqual({ kind: "malformed", problem: expect.stringMatching(/\w+ \w+/) });
    expect(event(client, '{"type":"ping"}').kind).toBe("ping");
    client.dispose();
  });

  it.each([
    ["42", "1702493000000"],
    ["42.0", "1702493000000.75"],
    ["4.2e1", "1.702493e12"],
    ["0.42E+2", "1.702493000001e+12"],
    ["420e-1", "170249300000112e-2"],
    ["42.00000000000000000000000000000", "9007199254740991"],
    ["4200000000000000000000000000000000000000000000e-44", "1702493000000.0000000000000000001"],
    ["0.000000000000000000000000000042e30", "0e999999999999"],
    ["9007199254740991.0", "1e-999999999999"],
  ])("reads the number %s, and the time %s, as JavaScript does", async (id, timestamp) => {
    const client = await openClient({ ids: [Number(id)] });
    const data = `{"type":"update","data":{"registrationId":${id},"status":"FAILED","timestamp":${timestamp}}}`;
    expect(event(client, data).kind).toBe("update");
    expect(viewOf(client)).toMatchObject({
      registrationId: Number(id),
      timestamp: Math.trunc(Number(timestamp)),
    });
    client.dispose();
  });

  it.each(["42.5", "-42", "1e16", "9007199254740992", "1e309", "1e999999999999", "-0.0"])(
    "accepts %s as no registration's id",
    async (id) => {
      const client = await openClient();
      const data = `{"type":"update","data":{"registrationId":${id},"status":"FAILED"}}`;
      expect(event(client, data).kind).toBe("malformed");
      client.dispose();
    },
  );

  it("reports a message over the limit as too large, and continues", async () => {
    const client = await openClient();
    const large = (size: number) => JSON.stringify({ type: "ping", filler: "x".repeat(size) });
    expect(event(client, large(5 << 20))).toEqual({
      kind: "too_large",
      problem: "A message was skipped: it is larger than 4 MiB",
    });
    expect(event(client, large(3 << 20)).kind).toBe("ping");
    expect(event(client, '{"type":"ping"}', "i".repeat(5_000)).kind).toBe("too_large");
    expect(event(client, large(5 << 20), "i".repeat(5_000_000)).kind).toBe("too_large");
    expect(event(client, large(1), "1-1").kind).toBe("ping");
    client.dispose();
  });

  it("keeps its memory when large messages keep coming", async () => {
    const client = await openClient();
    const data = JSON.stringify(
      stageUpdate("t24_lookup", "completed", 1, { details: { filler: "é".repeat(200_000) } }),
    );
    const round = () => expect(event(client, data).kind).toBe("update");
    for (let warmUp = 0; warmUp < 5; ++warmUp) {
      round();
    }
    const { memory } = (await loadCore()).exports;
    const before = memory.buffer.byteLength;
    for (let repeat = 0; repeat < 30; ++repeat) {
      round();
    }
    expect(memory.buffer.byteLength).toBe(before);
    client.dispose();
  });

  it("keeps text of every script in the view", async () => {
    const client = await openClient();
    const message = "ደንበኛ ተገኝቷል 😀";
    event(client, JSON.stringify(stageUpdate("t24_lookup", "completed", 5, { message })));
    expect(viewOf(client)).toMatchObject({ message });
    client.dispose();
  });

  it("keeps the view at a reset, with a gap, and begins a new one with the next update", async () => {
    const client = await openClient();
    const send = (data: unknown) => event(client, JSON.stringify(data));
    send(stageUpdate("duplicate_check", "completed", 5));
    const before = viewOf(client);
    expect(send({ type: "reset", timestamp: 6 })).toEqual({ kind: "reset", viewChanged: true });
    expect(viewOf(client)).toEqual({ ...before, hasGap: true });
    expect(send({ type: "reset", timestamp: 7 })).toEqual({ kind: "reset", viewChanged: false });
    // An older update counts again, and the stages from before the gap are gone.
    expect(send(stageUpdate("t24_lookup", "started", 4))).toMatchObject({ viewChanged: true });
    expect(viewOf(client)).toMatchObject({ hasGap: true, timestamp: 4, stages: [{ name: "t24_lookup" }] });
    client.dispose();
  });

  it("has no view for a reset to mark on a stream of every registration", async () => {
    const client = await openClient({ ids: [] });
    const send = (data: unknown) => event(client, JSON.stringify(data));
    expect(send(stageUpdate("duplicate_check", "completed", 5))).toEqual({ kind: "update", viewChanged: false });
    expect(send({ type: "reset", timestamp: 1 })).toEqual({ kind: "reset", viewChanged: false });
    client.dispose();
  });

  it("reads the same from bytes, however they are split, as from events", async () => {
    const details = { accountsFound: 5, name: "ደንበኛ 😀" };
    const messages = [
      { type: "connected", timestamp: 1 },
      stageUpdate("duplicate_check", "started", 2),
      stageUpdate("own stage ✓", "skipped", 3, { status: "ON HOLD", message: null }),
      { type: "update", data: { registrationId: 42, status: "APPROVED", details, by: "ops", timestamp: 4 } },
      stageUpdate("t24_lookup", "started", 5, { message: 'a "quoted" \n line', id: "1702493000000-9" }),
      {
        type: "update",
        data: { registrationId: 42, status: "COMPLETED", id: "1702493000001-18446744073709551615", timestamp: 6 },
      },
      { type: "ping", timestamp: 6 },
    ];
    const expected = [
      "connected",
      { ...stageUpdate("duplicate_check", "started", 2).data },
      {
        registrationId: 42,
        status: "ON HOLD",
        stage: "own stage ✓",
        stageStatus: "skipped",
        timestamp: 3,
      },
      { registrationId: 42, status: "APPROVED", details, by: "ops", timestamp: 4 },
      {
        ...stageUpdate("t24_lookup", "started", 5).data,
        message: 'a "quoted" \n line',
        id: "1702493000000-9",
      },
      { registrationId: 42, status: "COMPLETED", id: "1702493000001-18446744073709551615", timestamp: 6 },
      "ping",
    ];
    const read = (batch: ReturnType<RegistrationClient["event"]>) =>
      Array.from({ length: batch?.length ?? 0 }, (_, index) =>
        batch?.kind(index) === "update" ? batch.update(index) : batch?.kind(index),
      );
    const byEvent = await openClient();
    const readFollowing = (client: RegistrationClient, batch: MessageBatch<RegistrationWorkflow> | null) => {
      follow(client, batch);
      return read(batch);
    };
    const send = (one: unknown) => byEvent.event(1, JSON.stringify(one), undefined, 1);
    expect(messages.flatMap((one) => readFollowing(byEvent, send(one)))).toEqual(expected);
    const stream = new TextEncoder().encode(
      messages.map((one, index) => `id: 1-${index}\ndata: ${JSON.stringify(one)}\n\n`).join(""),
    );
    for (const size of [1, 7, 64, stream.length]) {
      const client = await openClient();
      const updates: unknown[] = [];
      let cursor: string | undefined;
      for (let begin = 0; begin < stream.length; begin += size) {
        const batch = client.bytes(1, stream.subarray(begin, begin + size), 1);
        updates.push(...read(batch));
        cursor = follow(client, batch).cursor;
      }
      expect(updates).toEqual(expected);
      expect(cursor).toBe("1-6");
      expect(viewOf(client)).toEqual(viewOf(byEvent));
      client.dispose();
    }
    byEvent.dispose();
  });

  it("reads the server's retry from bytes, and ignores named events", async () => {
    const client = await openClient();
    const batch = client.bytes(
      1,
      new TextEncoder().encode('retry: 60000\nevent: other\ndata: {"type":"ping"}\n\nid: 5-5\n\n'),
      1,
    );
    expect(batch?.length).toBe(0);
    expect(batch?.cursorAtEnd()()).toBe("5-5");
    client.end(1, "ended", 2);
    expect(client.deadline()).toBeGreaterThanOrEqual(60_002);
    client.dispose();
  });

  it("skips an event over a limit in bytes, and resumes behind it", async () => {
    const client = await openClient();
    const line = new Uint8Array(client.bytesMax).fill(0x78);
    const send = (text: string) => client.bytes(1, new TextEncoder().encode(text), 1);
    follow(client, send(`id: 1-1\ndata: ${JSON.stringify(stageUpdate("duplicate_check", "completed", 5))}\n\n`));
    send("id: 1-2\ndata: ");
    for (let size = 0; size <= 4 << 20; size += line.length) {
      expect(client.bytes(1, line, 1)?.length).toBe(0);
    }
    const batch = send('\n\ndata: {"type":"ping"}\n\n');
    expect([batch?.kind(0), batch?.kind(1)]).toEqual(["too_large", "ping"]);
    expect(batch?.message(0)).toBe("An event was skipped: a line of it is longer than 4 MiB");
    expect(follow(client, batch)).toEqual({ viewChanged: true, cursor: "1-2" });
    expect(viewOf(client)).toMatchObject({ hasGap: true, stages: [{ name: "duplicate_check" }] });
    expect(client.poll()).toBe(null);
    client.dispose();
  });

  it("marks a gap if a message can't be read, until a snapshot comes", async () => {
    const client = await openClient();
    const gap = () => viewOf(client)?.hasGap;
    event(client, JSON.stringify(stageUpdate("duplicate_check", "started", 5)));
    expect(gap()).toBe(false);
    event(client, "{");
    expect(gap()).toBe(true);
    event(client, JSON.stringify(stageUpdate("duplicate_check", "completed", 6)));
    expect(gap()).toBe(true);
    event(client, '{"type":"snapshot","data":{"registrationId":42,"status":"PENDING"},"timestamp":7}');
    expect(gap()).toBe(false);
    client.dispose();
  });

  it("marks the gap of an unreadable message before any view", async () => {
    const client = await openClient();
    event(client, "{");
    expect(viewOf(client)).toBe(null);
    event(client, JSON.stringify(stageUpdate("duplicate_check", "started", 5)));
    expect(viewOf(client)).toMatchObject({ hasGap: true });
    client.dispose();
  });

  it("gives for each update the cursor of a reconnect behind it", async () => {
    const client = await openClient();
    const blocks = ["id: 1-1\n", "", "id: é1-2\n", "id\n"].map(
      (id, index) => `${id}data: ${JSON.stringify(stageUpdate("duplicate_check", "started", index + 1))}\n\n`,
    );
    const batch = client.bytes(1, new TextEncoder().encode(blocks.join("")), 1);
    const cursors = [0, 1, 2, 3].map((index) => batch?.cursor(index));
    client.bytes(1, new TextEncoder().encode(blocks.join("").replaceAll("1-", "2-")), 1);
    expect(cursors.map((cursor) => cursor?.())).toEqual(["1-1", "1-1", "é1-2", ""]);
    client.dispose();
  });

  it("lets no late answer of an earlier attempt disturb the stream that is open", async () => {
    const client = await openClient();
    client.end(1, "ended", 1);
    client.handleDeadline(client.deadline());
    while (client.poll() !== null);
    client.response(2, accepted, client.deadline());
    const send = (text: string) => client.bytes(2, new TextEncoder().encode(text), 3_000);
    expect(send('data: {"type":')?.length).toBe(0);
    client.response(1, accepted, 3_000);
    client.response(1, { ...accepted, status: 503 }, 3_000);
    client.response(2, accepted, 3_000);
    expect(client.bytes(1, new TextEncoder().encode("x\n\n"), 3_000)).toBe(null);
    expect(send('"ping"}\n\n')?.kind(0)).toBe("ping");
    client.dispose();
  });

  it("closes at a stream in a coding that nothing undoes", async () => {
    const client = await createClient();
    client.connect(0);
    while (client.poll() !== null);
    client.response(1, { ...accepted, coding: "compress" }, 1);
    expect([client.poll(), client.poll()]).toContainEqual({
      kind: "state_changed",
      to: "closed",
      reason: "wrong_content_coding",
      isConnected: false,
    });
    client.dispose();
  });

  it("keeps members of an update whatever their names are", async () => {
    const client = await openClient();
    const rest =
      '"constructor":1,"toString":"two","hasOwnProperty":[3],"valueOf":{"__proto__":4},' +
      '"__proto__":{"isAdmin":true},"id":null';
    const batch = client.event(
      1,
      `{"type":"update","data":{"registrationId":42,"status":"FAILED","timestamp":1,${rest}}}`,
      undefined,
      1,
    );
    const update = batch?.update(0) as unknown as Record<string, unknown>;
    expect(Object.keys(update).sort()).toEqual(
      [
        "registrationId",
        "status",
        "timestamp",
        "constructor",
        "toString",
        "hasOwnProperty",
        "valueOf",
        "__proto__",
      ].sort(),
    );
    expect(Object.getPrototypeOf(update)).toBe(Object.prototype);
    expect(update["isAdmin"]).toBe(undefined);
    expect(JSON.parse(JSON.stringify(update))).toEqual(
      JSON.parse(`{"registrationId":42,"status":"FAILED","timestamp":1,${rest.replace(',"id":null', "")}}`),
    );
    client.dispose();
  });

  it("keeps its initial cursor until the stream of bytes names another", async () => {
    const client = await openClient({ lastEventId: "9-1" });
    const send = (text: string) => client.bytes(1, new TextEncoder().encode(text), 1);
    expect(send('data: {"type":"ping"}\n\n')?.cursorAtEnd()()).toBe("9-1");
    expect(send("id: 9-2\n\n")?.cursorAtEnd()()).toBe("9-2");
    client.dispose();
  });

  it("asks for a token before each transport, and for a fresh one if the last was refused", async () => {
    const client = await createClient({ needsToken: true });
    const actions = () => {
      const all = [];
      for (let action = client.poll(); action !== null; action = client.poll()) {
        all.push(action.kind === "state_changed" ? `${action.to}: ${action.reason}` : action);
      }
      return all;
    };
    client.connect(0);
    expect(actions()).toEqual(["authorizing: requested", { kind: "request_token", attempt: 1, isRefused: false }]);
    client.token(1, 0);
    expect(actions()).toEqual([
      "connecting: token_given",
      { kind: "open", attempt: 1, lastEventId: "", query: "registrationId=42", transport: "preferred" },
    ]);
    client.response(1, { ...accepted, status: 401 }, 1);
    expect(actions()).toEqual([
      { kind: "close" },
      "authorizing: token_refused",
      { kind: "request_token", attempt: 2, isRefused: true },
    ]);
    client.tokenFailed(2, "may_pass", 1);
    expect(actions()).toEqual(["waiting: token_unavailable"]);
    client.handleDeadline(client.deadline());
    expect(actions()).toContainEqual({ kind: "request_token", attempt: 3, isRefused: true });
    client.tokenFailed(3, "for_good", client.deadline());
    expect(actions()).toEqual(["closed: token_denied"]);
    client.dispose();
  });

  it("refuses calls once it was abandoned, and lets its clients be disposed of", async () => {
    const loader = await freshLoader();
    const core = await loader.loadCore(moduleUrl);
    const client = new CoreClient(core, clientOptions);
    client.connect(0);
    core.abandon();
    expect(() => core.exports).toThrow("The WebAssembly module failed");
    expect(() => client.poll()).toThrow("The WebAssembly module failed");
    expect(() => event(client, "{}")).toThrow("The WebAssembly module failed");
    expect(() => new CoreClient(core, clientOptions)).toThrow("The WebAssembly module failed");
    client.dispose();
  });

  it("hands over its cursor and its view to the next client", async () => {
    const first = await openClient();
    const details = { accountsFound: 5, "__proto__ ": [{}], name: "ደንበኛ 😀" };
    event(first, JSON.stringify(stageUpdate("duplicate_check", "started", 5)), "9-1");
    const send = (data: object, id: string) =>
      event(first, JSON.stringify({ type: "update", data: { registrationId: 42, ...data } }), id);
    send({ status: "APPROVED", details, timestamp: 6 }, "9-2");
    // An unknown status after a final one: the validation has ended all the same.
    send({ status: "ON HOLD", id: "9-3", timestamp: 7 }, "9-3");
    const reader = readers.get(first) ?? createViewReader();
    const view = reader.view;
    expect(view).toMatchObject({ isFinal: false, details, stages: [{ startedAt: 5, endedAt: 6 }] });
    first.dispose();

    const second = await createClient({ lastEventId: "9-3", viewJson: reader.toJson() });
    readers.set(second, reader);
    second.connect(0);
    expect([second.poll(), second.poll()]).toContainEqual({
      kind: "open",
      attempt: 1,
      lastEventId: "9-3",
      query: "registrationId=42",
      transport: "preferred",
    });
    second.response(1, accepted, 0);
    // A repeated start begins no other validation.
    const repeated = JSON.stringify(stageUpdate("duplicate_check", "started", 5, { id: "9-4" }));
    expect(event(second, repeated)).toEqual({ kind: "update", viewChanged: false });
    expect(event(second, '{"type":"reset","timestamp":8}')).toEqual({ kind: "reset", viewChanged: true });
    expect(viewOf(second)).toEqual({ ...view, id: null, hasGap: true });
    expect(viewOf(second)?.stages).toBe(view?.stages);
    expect(viewOf(second)?.details).toBe(view?.details);
    second.dispose();
  });

  it("marks a gap if it can't restore the view", async () => {
    for (const viewJson of ["{", "[]", '{"registrationId":43,"status":"PENDING"}']) {
      const client = await openClient({ viewJson });
      expect(event(client, '{"type":"ping"}')).toEqual({ kind: "ping", viewChanged: true });
      expect(viewOf(client)).toBe(null);
      event(client, JSON.stringify(stageUpdate("t24_lookup", "started", 5)));
      expect(viewOf(client)).toMatchObject({ hasGap: true, stages: [{ name: "t24_lookup" }] });
      client.dispose();
    }
  });

  it("marks a gap in the page's view if the next client can't restore it", async () => {
    const first = await openClient();
    // A snapshot may be as large as a view that the core restores. Its stages make this one larger.
    const details = { filler: "x".repeat(4_100_000) };
    const snapshot = { registrationId: 42, status: "PENDING", details, id: "9-3" };
    event(first, JSON.stringify({ type: "snapshot", data: snapshot }));
    for (let stage = 1; stage <= 64; ++stage) {
      const message = "m".repeat(4_096);
      event(first, JSON.stringify(stageUpdate(`stage ${stage}`, "completed", stage, { message })));
    }
    const reader = readers.get(first) ?? createViewReader();
    const view = reader.view;
    expect(view).toMatchObject({ details, hasGap: false, id: "9-3" });
    first.dispose();

    const second = await openClient({ lastEventId: "9-3", viewJson: reader.toJson() });
    readers.set(second, reader);
    expect(event(second, '{"type":"ping"}')).toEqual({ kind: "ping", viewChanged: true });
    const marked = viewOf(second);
    expect(marked).toEqual({ ...view, hasGap: true, id: null });
    expect(marked?.stages).toBe(view?.stages);
    event(second, '{"type":"ping"}');
    expect(viewOf(second)).toBe(marked);
    // The history is lost: the next update begins a new view.
    event(second, JSON.stringify(stageUpdate("t24_lookup", "started", 1)));
    expect(viewOf(second)).toMatchObject({ hasGap: true, details: null, stages: [{ name: "t24_lookup" }] });
    second.dispose();
  });

  it("hands over details and a process log unchanged, however JavaScript would write them", async () => {
    const first = await openClient();
    const details = `{"n":[${"1e20,".repeat(200_000)}9007199254740993 ],"a":1.0}`;
    const rest = `"details":${details},"processLog":[1.50],"timestamp":6`;
    event(first, `{"type":"update","data":{"registrationId":42,"status":"APPROVED",${rest}}}`, "9-1");
    const reader = readers.get(first) ?? createViewReader();
    const view = reader.view;
    first.dispose();

    expect(reader.toJson()).toContain(`"details":${details}`);
    const second = await openClient({ lastEventId: "9-1", viewJson: reader.toJson() });
    readers.set(second, reader);
    expect(event(second, '{"type":"reset"}')).toEqual({ kind: "reset", viewChanged: true });
    expect(viewOf(second)).toEqual({ ...view, hasGap: true, id: null });
    expect(viewOf(second)?.details).toBe(view?.details);
    expect(viewOf(second)?.processLog).toBe(view?.processLog);
    second.dispose();
  });

  it("returns an id unchanged, also with a leading byte order mark", async () => {
    const client = await createClient({ lastEventId: "\uFEFF9-1" });
    client.connect(0);
    const actions = [client.poll(), client.poll()];
    expect(actions).toContainEqual({
      kind: "open",
      attempt: 1,
      lastEventId: "\uFEFF9-1",
      query: "registrationId=42",
      transport: "preferred",
    });
    client.dispose();
  });

  it("accepts any number without a trap, as JavaScript converts it", async () => {
    const core = await loadCore();
    const { exports } = core;
    const workflow = core.workflow(clientOptions.vocabulary.text);
    const client = exports.client_create(workflow, 0, 1, 2, 0, 0, core.write("42\n", "")[0], 0);
    expect(client).not.toBe(0);
    for (const number of [NaN, Infinity, -Infinity, -1, 2 ** 31, 2 ** 63]) {
      exports.client_connect(client, number);
      exports.client_response(client, 1, number, number, number, number, number);
      exports.client_signal(client, number, number);
      expect(exports.client_event(client, 1, 2 ** 31 - 1, number, number)).toBe(-1);
      expect(exports.client_bytes(client, 2 ** 31, number, number)).toBe(-1);
      expect(exports.client_create(number === -1 ? 2 : number, 0, 1, 2, 0, 0, 0, 0)).toBe(0);
      expect(exports.client_create(workflow, 0, 1, 2, 0, 0, 2 ** 31 - 1, number)).toBe(0);
      expect(exports.client_follow(client, 2 ** 31 - 1, number)).toBe(0);
      expect(exports.query_size(number, number, 2 ** 31 - 1)).toBe(0);
      exports.client_restore(number, 2 ** 31 - 1, number);
      expect(exports.client_poll(number)).toBe(0);
    }
    exports.client_destroy(client);
  });

  it.each(["data\n\n", "data:1\n\n", "data:[\n\n", 'data:{"type":"ping"}\n\n', "id:7\ndata\n\nid:8\ndata\n\n"])(
    "accepts %j repeated behind a long id, up to the limit of a piece",
    async (message) => {
      const { loadCore: loadAnew } = await freshLoader();
      const core = await loadAnew(await readFile(moduleUrl));
      const client = clientOf(core, 42);
      const id = "i".repeat(4_000);
      const text = `id:${id}\n\n`;
      const times = Math.floor((client.bytesMax - text.length) / message.length);
      const batch = client.bytes(1, new TextEncoder().encode(text + message.repeat(times)), 1);
      expect(batch?.length).toBe(times * (message.split("\n\n").length - 1));
      expect(core.result("cursorsSize")).toBeLessThanOrEqual(client.bytesMax);
      expect(batch?.cursorAtEnd()()).toBe(message.startsWith("id") ? "8" : id);
      client.dispose();
    },
  );

  it("has room for the worst piece on each of 256 streams, and on a parser", { timeout: 60_000 }, async () => {
    const { loadCore: loadAnew } = await freshLoader();
    const core = await loadAnew(await readFile(moduleUrl));
    const piece = new TextEncoder().encode("data\n\n".repeat(Math.floor(core.bytesLimit / 6)));
    const clients = Array.from({ length: 256 }, () => clientOf(core, 42));
    const parser = new EventStreamParser(core);
    const messages = Math.floor(core.bytesLimit / 6);
    for (const client of clients) {
      expect(client.bytes(1, piece, 1)?.length).toBe(messages);
    }
    expect(parser.push(piece).length).toBe(messages);
    // The module may grow to 64 MiB.
    expect(core.exports.memory.buffer.byteLength).toBeLessThan(24 << 20);
  });

  it.each(["event", "bytes"])("keeps only the view of a large message (by %s)", async (how) => {
    const { loadCore: loadAnew } = await freshLoader();
    const core = await loadAnew(await readFile(moduleUrl));
    const details = { filler: "x".repeat(4_100_000) };
    const data = JSON.stringify({ type: "snapshot", data: { registrationId: 42, status: "APPROVED", details } });
    const stream = new TextEncoder().encode(`data: ${data}\n\n`);
    // A view of 4 MB on each of 12 streams is most of the module's 64 MiB.
    for (let count = 1; count <= 12; ++count) {
      const client = clientOf(core, 42);
      if (how === "event") {
        expect(client.event(1, data, undefined, 1)?.kind(0)).toBe("snapshot");
        continue;
      }
      let last: MessageBatch<RegistrationWorkflow> | null = null;
      for (let begin = 0; begin < stream.length; begin += 65_536) {
        last = client.bytes(1, stream.subarray(begin, begin + 65_536), 1);
      }
      expect(last?.kind(0)).toBe("snapshot");
    }
  });

  it("has room for 256 streams, and reports the limit", async () => {
    const core = await loadCore();
    const options = { ...clientOptions, ids: [] };
    const clients = Array.from({ length: 256 }, () => new CoreClient(core, options));
    expect(() => new CoreClient(core, options)).toThrow("No more than 256 streams");
    for (const client of clients) {
      client.dispose();
    }
    new CoreClient(core, options).dispose();
  });
});
