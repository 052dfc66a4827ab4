import { describe, expect, it, vi } from "vitest";

import type { RegistrationStreamOptions } from "../../src/browser/stream_options.js";
import { createFetch, createNetwork, settle, settleBody, stageUpdate } from "../fakes.js";
import { createTestStream } from "./test_stream.js";

function createStream(options: RegistrationStreamOptions = {}) {
  const network = createFetch();
  return { network, ...createTestStream({ transport: "fetch", fetch: network.fetch, ...options }) };
}

async function connectStream(options: RegistrationStreamOptions = {}) {
  const created = createStream(options);
  created.stream.connect();
  await settle();
  return created;
}

async function openStream(options: RegistrationStreamOptions = {}) {
  const created = await connectStream(options);
  created.network.last.accept();
  await settleBody();
  return created;
}

function eventOf(message: object, id?: string): string {
  return `${id === undefined ? "" : `id: ${id}\n`}data: ${JSON.stringify(message)}\n\n`;
}

describe("a stream by fetch", () => {
  it("opens one request for its registration, and is open with the answer", async () => {
    const { stream, network } = await connectStream();
    expect(network.requests.map(({ url }) => url)).toEqual(["/api/registrations/updates/stream?registrationId=42"]);
    expect(network.last.init.credentials).toBe("same-origin");
    network.last.accept();
    await settleBody();
    expect(stream.getSnapshot()).toMatchObject({
      connection: "open",
      reason: "accepted",
      isConnected: true,
      connections: 1,
    });
  });

  it("delivers updates, with one notification a piece", async () => {
    const { stream, network, updates } = await openStream();
    const listener = vi.fn();
    stream.subscribe(listener);
    const sent = [
      stageUpdate("duplicate_check", "completed", 1),
      stageUpdate("t24_lookup", "started", 2),
      stageUpdate("t24_lookup", "completed", 3),
    ];
    network.last.send(sent.map((message) => eventOf(message)).join(""));
    await settleBody();
    expect(updates).toEqual(sent.map(({ data }) => data));
    expect(listener).toHaveBeenCalledTimes(1);
    expect(stream.getSnapshot()).toMatchObject({
      latestUpdate: sent[2]?.data,
      registration: { timestamp: 3 },
    });
  });

  it("reads text of any script, wherever its bytes are cut", async () => {
    const message = "ደንበኛ ተገኝቷል 😀é";
    const bytes = new TextEncoder().encode(eventOf(stageUpdate("t24_lookup", "completed", 5, { message })));
    const cuts = Array.from({ length: bytes.length - 1 }, (_, index) => index + 1);
    const { network, updates } = await openStream();
    for (const cut of cuts) {
      network.last.send(bytes.slice(0, cut));
      await settleBody();
      network.last.send(bytes.slice(cut));
      await settleBody();
    }
    expect(updates.map((update) => update.message)).toEqual(cuts.map(() => message));
  });

  it("splits a piece that is larger than the core accepts", async () => {
    const { stream, network, updates } = await openStream();
    const filler = `: ${"x".repeat(1 << 20)}\n`.repeat(9);
    network.last.send(filler + eventOf(stageUpdate("t24_lookup", "started", 1)));
    await settleBody();
    expect(updates).toHaveLength(1);
    expect(stream.getSnapshot().isConnected).toBe(true);
  });

  it("skips an event over the limit, reports it, and resumes behind it", async () => {
    const { stream, network, clock, updates } = await openStream();
    network.last.send(eventOf(stageUpdate("t24_lookup", "started", 1), "1-1"));
    await settleBody();
    network.last.send(`id: 1-2\ndata: ${"x".repeat(5 << 20)}\n\n`);
    await settleBody();
    expect(stream.getSnapshot()).toMatchObject({
      connection: "open",
      connections: 1,
      resets: 1,
      registration: { hasGap: true },
      error: { kind: "message_too_large", message: "An event was skipped: a line of it is longer than 4 MiB" },
    });
    network.last.send(eventOf(stageUpdate("t24_lookup", "failed", 2)));
    await settleBody();
    expect(updates).toHaveLength(2);
    expect(stream.getSnapshot()).toMatchObject({ error: null, registration: { hasGap: true } });
    network.last.end();
    await settleBody();
    clock.advance(2_000);
    expect(network.last.headers.get("Last-Event-ID")).toBe("1-2");
  });

  it("resumes by the header, and not by the query", async () => {
    const { network, clock } = await openStream();
    network.last.send(eventOf({ type: "ping" }, "ደ-7"));
    await settleBody();
    network.last.end();
    await settleBody();
    clock.advance(2_000);
    const sent = network.last.headers.get("Last-Event-ID") ?? "";
    expect(Buffer.from(sent, "latin1").toString("utf8")).toBe("ደ-7");
    expect(network.last.url).toBe("/api/registrations/updates/stream?registrationId=42");
  });

  it("resumes by the query if no header can carry the id", async () => {
    const { network, clock } = await openStream();
    network.last.send(eventOf({ type: "ping" }, "7\u00017"));
    await settleBody();
    network.last.end();
    await settleBody();
    clock.advance(2_000);
    expect(network.last.headers.has("Last-Event-ID")).toBe(false);
    expect(network.last.url).toMatch(/lastEventId=7%017$/);
  });

  it("waits as long as the server's retry asks", async () => {
    const { network, clock } = await openStream();
    network.last.send("retry: 60000\n\n");
    await settleBody();
    network.last.end();
    await settleBody();
    clock.advance(59_999);
    expect(network.requests).toHaveLength(1);
    clock.advance(1_001);
    expect(network.requests).toHaveLength(2);
  });

  it("aborts a request without an answer, and a stream that has gone silent", async () => {
    const { stream, network, clock } = await connectStream();
    clock.advance(15_000);
    expect(stream.getSnapshot()).toMatchObject({ connection: "waiting", reason: "timed_out" });
    expect(network.live).toBe(0);
    clock.advance(2_000);
    network.last.accept();
    await settleBody();
    network.last.send(": still here\n\n");
    await settleBody();
    clock.advance(75_000);
    expect(stream.getSnapshot()).toMatchObject({ connection: "waiting", reason: "silent" });
    expect(network.live).toBe(0);
  });

  it("gives up a stream after two and a half of its announced heartbeats", async () => {
    const { stream, network, clock } = await connectStream();
    network.last.accept();
    await settleBody();
    for (const byte of ": heartbeat 10000\n\n") {
      network.last.send(byte);
      await settleBody();
    }
    clock.advance(24_999);
    expect(stream.getSnapshot().isConnected).toBe(true);
    clock.advance(1);
    expect(stream.getSnapshot()).toMatchObject({ connection: "waiting", reason: "silent" });
    expect(network.live).toBe(0);
    // Another server may answer next and announce nothing.
    clock.advance(2_000);
    network.last.accept();
    await settleBody();
    clock.advance(74_999);
    expect(stream.getSnapshot().isConnected).toBe(true);
    clock.advance(1);
    expect(stream.getSnapshot()).toMatchObject({ connection: "waiting", reason: "silent" });
  });

  it.each(["0", "-1", "1e9", "99999999999999999999", " 10000", "10000 ", "10000ms", ""])(
    "does not believe the heartbeat '%s'",
    async (interval) => {
      const { stream, network, clock } = await connectStream();
      network.last.accept();
      await settleBody();
      network.last.send(`: heartbeat ${interval}\n\n`);
      await settleBody();
      clock.advance(74_999);
      expect(stream.getSnapshot().isConnected).toBe(true);
    },
  );

  it("releases everything when closed, and drops late events", async () => {
    const { stream, network, clock, signals, updates } = await openStream();
    network.last.send(eventOf(stageUpdate("t24_lookup", "started", 1)));
    stream.close();
    await settleBody();
    expect([network.live, clock.timers, signals.listeners]).toEqual([0, 0, 0]);
    expect(updates).toEqual([]);
    expect(stream.getSnapshot()).toMatchObject({ connection: "closed", reason: "requested", error: null });
  });

  it("keeps late events of an abandoned request from the stream that replaced it", async () => {
    const { stream, network, clock, signals, updates } = await openStream();
    const first = network.last;
    first.send(eventOf(stageUpdate("t24_lookup", "failed", 99), "0-1"));
    clock.advance(1_000);
    signals.send("restored");
    network.last.accept();
    await settleBody();
    expect(network.requests).toHaveLength(2);
    expect(network.live).toBe(1);
    expect(updates).toEqual([]);
    expect(stream.getSnapshot()).toMatchObject({ isConnected: true, connections: 2 });
  });
});

describe("a listener that closes the stream or unsubscribes", () => {
  const stages = ["one", "two", "three"];
  const piece = (ids: boolean) =>
    stages
      .map((stage, index) => eventOf(stageUpdate(stage, "started", index + 1), ids ? `1-${index + 1}` : undefined))
      .join("");

  it("after closing the stream gets the rest of the piece when it connects again", async () => {
    const heard: string[] = [];
    const created = await openStream({
      onUpdate: (update) => {
        heard.push(update.stage ?? "");
        if (heard.length === 2) {
          created.stream.close();
        }
      },
    });
    const { stream, network } = created;
    const states: string[] = [];
    stream.subscribe(() => states.push(stream.getSnapshot().connection));
    network.last.send(piece(true));
    await settleBody();
    expect(heard).toEqual(["one", "two"]);
    expect(states).toEqual(["closed"]);
    stream.connect();
    await settle();
    expect(heard).toEqual(stages);
    expect(network.last.headers.get("Last-Event-ID")).toBe("1-3");
  });

  it("misses no update that views already have, and gets none twice that the server repeats", async () => {
    const { stream, network } = await openStream();
    const recorded = stages.map((stage, index) => {
      const { data, ...rest } = stageUpdate(stage, "started", index + 1);
      return eventOf({ ...rest, data: { ...data, id: `1-${index + 1}` } }, `1-${index + 1}`);
    });
    const heard: string[] = [];
    stream.subscribeToUpdates(({ stage = "" }) => {
      heard.push(stage);
      stream.close();
    });
    network.last.send(recorded.join(""));
    await settleBody();
    expect(heard).toEqual(["one"]);
    const known = stream.getSnapshot().view;
    expect(known?.stages).toHaveLength(3);
    stream.connect();
    expect(heard).toEqual(["one", "two"]);
    stream.connect();
    expect(heard).toEqual(stages);
    stream.connect();
    await settle();
    network.last.accept();
    await settleBody();
    network.last.send(recorded.join(""));
    await settleBody();
    expect(heard).toEqual(stages);
    expect(stream.getSnapshot().view).toEqual(known);
  });

  it("gets the rest before later updates if it restarts the stream", async () => {
    const heard: string[] = [];
    const created = await openStream({
      onUpdate: (update) => {
        heard.push(update.stage ?? "");
        if (heard.length === 1) {
          created.stream.close();
          created.stream.connect();
          expect(heard).toEqual(["one"]);
        }
      },
    });
    created.network.last.send(piece(true));
    await settleBody();
    expect(heard).toEqual(stages);
    expect(created.network.requests).toHaveLength(2);
    expect(created.network.last.headers.get("Last-Event-ID")).toBe("1-3");
  });

  it("silences itself or another one at once by unsubscribing", async () => {
    const { stream, network, updates } = await openStream();
    const heard: string[] = [];
    const leave = [
      stream.subscribeToUpdates(() => {
        heard.push("first");
        leave[0]?.();
        leave[1]?.();
      }),
      stream.subscribeToUpdates(() => heard.push("second")),
      stream.subscribe(() => {
        heard.push("change");
        leave[2]?.();
        leave[3]?.();
      }),
      stream.subscribe(() => heard.push("another change")),
    ];
    network.last.send(piece(true));
    await settleBody();
    expect(heard).toEqual(["first", "change"]);
    expect(updates).toHaveLength(3);
  });

  it("after closing at a change of state gets only that change", async () => {
    const { stream, network, updates } = await openStream();
    const states: string[] = [];
    stream.subscribe(() => {
      states.push(stream.getSnapshot().connection);
      stream.close();
    });
    network.last.send(`data: {\n\n${piece(true)}`);
    await settleBody();
    expect(states).toEqual(["open", "closed"]);
    expect(updates).toHaveLength(3);
  });
});

describe("what a stream by fetch makes of an answer", () => {
  it("stops for good at 204, without an error", async () => {
    const { stream, network, clock } = await connectStream();
    network.last.respond(204);
    await settleBody();
    expect(stream.getSnapshot()).toMatchObject({
      connection: "closed",
      reason: "told_to_stop",
      error: null,
    });
    expect([clock.timers, network.live]).toEqual([0, 0]);
  });

  it.each([
    [401, "unauthorized"],
    [403, "forbidden"],
    [404, "refused_for_good"],
    [400, "refused_for_good"],
    [302, "redirect_failed"],
  ])("closes at %i", async (status, reason) => {
    const { stream, network, clock } = await connectStream();
    network.last.respond(status);
    await settleBody();
    expect(stream.getSnapshot()).toMatchObject({
      connection: "closed",
      reason,
      error: {
        kind: "refused",
        message: `The server refused the stream for good: ${reason} (status ${status})`,
      },
    });
    expect([clock.timers, network.live]).toEqual([0, 0]);
  });

  it("closes at an answer that is not an event stream, and cancels it", async () => {
    const { stream, network } = await connectStream();
    network.last.respond(200, { "Content-Type": "text/html" });
    await settleBody();
    expect(stream.getSnapshot()).toMatchObject({
      connection: "closed",
      reason: "wrong_content_type",
      error: { kind: "refused" },
    });
    expect(network.live).toBe(0);
  });

  it.each([
    ["compress", "compress"],
    ["gzip, X-Secret", "X-Secret"],
  ])("closes at a stream in the coding %s, which nothing undoes, and names it", async (codings, coding) => {
    const { stream, network } = await connectStream();
    network.last.respond(200, { "Content-Type": "text/event-stream", "Content-Encoding": codings });
    await settleBody();
    expect(stream.getSnapshot()).toMatchObject({
      connection: "closed",
      reason: "wrong_content_coding",
      error: {
        kind: "refused",
        message:
          "The server refused the stream for good: wrong_content_coding " + `(status 200, Content-Encoding ${coding})`,
      },
    });
    expect(network.live).toBe(0);
  });

  it.each(["identity", "gzip", "GZIP, br", "deflate", "zstd", ""])(
    "reads a stream in the coding %j, which fetch undoes though it was not requested",
    async (coding) => {
      const { stream, network } = await connectStream();
      expect(network.last.headers.get("Accept-Encoding")).toBe("identity");
      network.last.respond(200, { "Content-Type": "text/event-stream", "Content-Encoding": coding });
      network.last.send(`data: ${JSON.stringify(stageUpdate("t24_lookup", "started", 1))}\n\n`);
      await settleBody();
      expect(stream.getSnapshot()).toMatchObject({ connection: "open", latestUpdate: { registrationId: 42 } });
    },
  );

  it.each([
    ["whole", [0x28, 0xb5, 0x2f, 0xfd, 0x04]],
    ["begun", [0x28, 0xb5]],
  ])("closes at a frame of zstd, %s, that fetch passes on", async (_, bytes) => {
    const { stream, network } = await connectStream();
    network.last.respond(200, { "Content-Type": "text/event-stream", "Content-Encoding": "Zstd" });
    network.last.send(Uint8Array.from(bytes));
    await settleBody();
    expect(stream.getSnapshot()).toMatchObject({ connection: "closed", reason: "wrong_content_coding" });
    expect(network.live).toBe(0);
  });

  it("ends an attempt whose stream in zstd ends before its first byte", async () => {
    const { stream, network } = await connectStream();
    network.last.respond(200, { "Content-Type": "text/event-stream", "Content-Encoding": "zstd" });
    network.last.end();
    await settleBody();
    expect(stream.getSnapshot()).toMatchObject({ connection: "waiting", reason: "ended" });
  });

  it.each([408, 429, 500, 502, 503, 504, 599])("tries again after %i, ever more slowly", async (status) => {
    const { stream, network, clock } = await connectStream();
    for (let attempt = 1; attempt <= 8; ++attempt) {
      // An attempt without an answer is compared with a poll.
      const attempts = network.requests.filter(({ url }) => !url.includes("poll=1"));
      expect(attempts).toHaveLength(attempt);
      attempts.at(-1)?.respond(status);
      await settleBody();
      expect(stream.getSnapshot()).toMatchObject({
        connection: "waiting",
        reason: "refused",
        error: null,
      });
      expect(network.live).toBe(0);
      clock.advance(11_000);
    }
  });

  it.each([
    ["120", 120_000],
    ["Fri, 01 Mar 2024 00:01:00 GMT", 60_000],
  ])("waits as long as Retry-After asks: %s", async (value, wait) => {
    vi.spyOn(Date, "now").mockReturnValue(Date.UTC(2024, 2, 1));
    const { network, clock, signals } = await connectStream();
    network.last.respond(503, { "Retry-After": value });
    await settleBody();
    clock.advance(wait - 1);
    signals.send("visible");
    expect(network.requests).toHaveLength(1);
    clock.advance(2_000);
    expect(network.requests).toHaveLength(2);
  });

  it("tries again after no answer, or a redirect that can't be followed", async () => {
    const { stream, network, clock } = await connectStream();
    network.last.lose();
    await settleBody();
    expect(stream.getSnapshot()).toMatchObject({ connection: "waiting", reason: "network_failed" });
    clock.advance(2_000);
    expect(network.requests).toHaveLength(2);
  });

  it("tries again if the body breaks, and if it ends", async () => {
    const { stream, network, clock } = await openStream();
    network.last.lose();
    await settleBody();
    expect(stream.getSnapshot()).toMatchObject({ connection: "waiting", reason: "network_failed" });
    clock.advance(2_000);
    network.last.accept();
    await settleBody();
    network.last.end();
    await settleBody();
    expect(stream.getSnapshot()).toMatchObject({ connection: "waiting", reason: "ended" });
  });

  it("gives up at any answer but a stream under the standard policy", async () => {
    const { stream, network } = await connectStream({ policy: "standard" });
    network.last.respond(503);
    await settleBody();
    expect(stream.getSnapshot()).toMatchObject({ connection: "closed", reason: "refused_for_good" });
  });
});

describe("which transport a stream takes", () => {
  const connect = async (options: RegistrationStreamOptions) => {
    const events = createNetwork();
    const fetches = createFetch();
    vi.stubGlobal("EventSource", events.EventSource);
    vi.stubGlobal("fetch", fetches.fetch);
    const { stream } = createTestStream({ url: "http://127.0.0.1/stream", ...options });
    stream.connect();
    await settle();
    return { stream, taken: [events.sources.length, fetches.requests.length] };
  };

  it.each([{}, { credentials: "same-origin" }, { credentials: "include" }] as const)(
    "is EventSource, where there is one: %j",
    async (options) => {
      expect((await connect(options)).taken).toEqual([1, 0]);
    },
  );

  it.each([
    { transport: "fetch" },
    { headers: { "X-Branch": "ET-1" } },
    { credentials: "omit" },
    { token: () => Promise.resolve("t") },
  ] as const)("is fetch where it is asked for, or needed: %j", async (options) => {
    expect((await connect(options)).taken).toEqual([0, 1]);
  });

  it("is fetch if there is no EventSource", async () => {
    const fetches = createFetch();
    vi.stubGlobal("EventSource", undefined);
    vi.stubGlobal("fetch", fetches.fetch);
    const { stream } = await connectStream({
      transport: undefined,
      fetch: undefined,
      url: "http://127.0.0.1/stream",
    });
    expect(fetches.requests).toHaveLength(1);
    expect(stream.getSnapshot().connection).toBe("connecting");
  });

  it.each([{ headers: {} }, { credentials: "omit" }, { headers: {}, token: () => Promise.resolve("t") }] as const)(
    "is not EventSource where an option needs fetch: %j",
    async (options) => {
      const { stream, taken } = await connect({ transport: "eventsource", ...options });
      expect(taken).toEqual([0, 0]);
      expect(stream.getSnapshot()).toMatchObject({
        connection: "closed",
        error: { kind: "invalid_options" },
      });
    },
  );

  it.each(["/relative/in/Node", "http://", "http://user:word@bank.example/"])(
    "reports that %s is not an address for fetch",
    async (url) => {
      const { stream, taken } = await connect({ transport: "fetch", url });
      expect(taken).toEqual([0, 0]);
      expect(stream.getSnapshot()).toMatchObject({
        connection: "closed",
        error: { kind: "unsupported" },
      });
    },
  );
});

describe("headers of the page's own", () => {
  it("are requested at each attempt", async () => {
    let attempt = 0;
    const { network, clock } = await openStream({
      headers: () => ({ "X-Attempt": String(++attempt) }),
      credentials: "include",
    });
    network.last.end();
    await settleBody();
    clock.advance(2_000);
    expect(network.requests.map(({ headers }) => headers.get("X-Attempt"))).toEqual(["1", "2"]);
    expect(network.last.init.credentials).toBe("include");
  });

  it("end the stream if their function throws, until the next connect", async () => {
    const mistake = new Error("mistake in the page");
    const headers = vi
      .fn<() => HeadersInit>(() => ({}))
      .mockImplementationOnce(() => {
        throw mistake;
      });
    const { stream, network, clock } = await connectStream({ headers });
    expect(stream.getSnapshot()).toMatchObject({
      connection: "closed",
      reason: "failed_here",
      error: {
        kind: "invalid_options",
        message: expect.stringContaining("mistake in the page"),
        cause: mistake,
      },
    });
    expect([network.requests.length, clock.timers]).toEqual([0, 0]);
    stream.connect();
    await settle();
    expect(network.requests).toHaveLength(1);
  });

  it("end the stream if HTTP does not allow them, without quoting them", async () => {
    const { stream } = await connectStream({ headers: { "X-Key": "secret\nvalue" } });
    const { error } = stream.getSnapshot();
    expect(error?.kind).toBe("invalid_options");
    expect(error?.cause).toBe(undefined);
    expect(error?.message).not.toContain("secret");
  });

  it("may come from a function that closes the stream", async () => {
    const created = createStream({
      headers: () => {
        created.stream.close();
        return {};
      },
    });
    created.stream.connect();
    await settle();
    expect(created.network.requests).toHaveLength(0);
    expect(created.stream.getSnapshot()).toMatchObject({ connection: "closed", reason: "requested" });
  });
});

describe("a transport that the page closes the stream from", () => {
  it("is ended, also if the stream was restarted", async () => {
    for (const startsAnew of [false, true]) {
      const { stream, network } = createStream({
        fetch: (url, init) => {
          if (network.requests.length === 0) {
            stream.close();
            if (startsAnew) {
              stream.connect();
            }
          }
          return network.fetch(url, init);
        },
      });
      stream.connect();
      await settle();
      expect(network.requests[0]?.init.signal?.aborted).toBe(true);
      expect(network.live).toBe(startsAnew ? 1 : 0);
      expect(stream.getSnapshot().connection).toBe(startsAnew ? "connecting" : "closed");
    }
  });
});

describe("a token", () => {
  it("is requested at each attempt, and sent to the server", async () => {
    let given = 0;
    const token = vi.fn(() => Promise.resolve(`token-${++given}`));
    const { stream, network, clock } = createStream({ token, headers: { Authorization: "Basic x" } });
    const states = new Set<string>();
    stream.subscribe(() => states.add(stream.getSnapshot().connection));
    stream.connect();
    await settle();
    network.last.accept();
    await settleBody();
    network.last.end();
    await settleBody();
    clock.advance(2_000);
    await settle();
    expect(network.requests.map(({ headers }) => headers.get("Authorization"))).toEqual([
      "Bearer token-1",
      "Bearer token-2",
    ]);
    expect(token.mock.calls).toEqual([[false], [false]]);
    expect([...states]).toEqual(["connecting", "authorizing", "open", "waiting"]);
  });

  it("that the server refused is replaced at once, but only once", async () => {
    const token = vi.fn((isRefused: boolean) => Promise.resolve(isRefused ? "fresh" : "stored"));
    const { stream, network } = await connectStream({ token });
    network.last.respond(401);
    await settleBody();
    expect(network.last.headers.get("Authorization")).toBe("Bearer fresh");
    expect(network.requests).toHaveLength(2);
    network.last.respond(401);
    await settleBody();
    expect(stream.getSnapshot()).toMatchObject({
      connection: "closed",
      reason: "unauthorized",
      error: { kind: "refused" },
    });
    expect(token.mock.calls).toEqual([[false], [true]]);
  });

  it.each([
    ["rejects", () => Promise.reject(new Error("secret"))],
    [
      "throws",
      () => {
        throw new Error("secret");
      },
    ],
  ])("whose function %s is requested again later", async (_, failing) => {
    const token = vi.fn<() => Promise<string>>(() => Promise.resolve("t")).mockImplementationOnce(failing);
    const { stream, network, clock } = await connectStream({ token });
    expect(stream.getSnapshot()).toMatchObject({
      connection: "waiting",
      reason: "token_unavailable",
      error: null,
    });
    expect(network.requests).toHaveLength(0);
    clock.advance(2_000);
    await settle();
    expect(network.last.headers.get("Authorization")).toBe("Bearer t");
  });

  it.each([null, ""])("that is %j closes the stream", async (none) => {
    const { stream, network, clock } = await connectStream({ token: () => Promise.resolve(none) });
    expect(stream.getSnapshot()).toMatchObject({
      connection: "closed",
      reason: "token_denied",
      error: { kind: "token_denied" },
    });
    expect([network.requests.length, clock.timers]).toEqual([0, 0]);
  });

  it("that comes too late is not used, not even by the next attempt", async () => {
    const answers: ((token: string) => void)[] = [];
    const token = () => new Promise<string>((resolve) => answers.push(resolve));
    const { stream, network, clock } = await connectStream({ token });
    clock.advance(15_000);
    expect(stream.getSnapshot()).toMatchObject({ connection: "waiting", reason: "timed_out" });
    clock.advance(2_000);
    answers[0]?.("late");
    await settle();
    expect(network.requests).toHaveLength(0);
    answers[1]?.("in time");
    await settle();
    expect(network.requests.map(({ headers }) => headers.get("Authorization"))).toEqual(["Bearer in time"]);
  });

  it("that comes after the stream was closed opens nothing", async () => {
    let answer: (token: string) => void = () => {};
    const token = () => new Promise<string>((resolve) => (answer = resolve));
    const { stream, network } = await connectStream({ token });
    stream.close();
    answer("late");
    await settle();
    expect(network.requests).toHaveLength(0);
    expect(stream.getSnapshot().connection).toBe("closed");
  });

  it("that no header can carry ends the stream, and appears in no error", async () => {
    const { stream, network } = await connectStream({ token: () => Promise.resolve("sec\nret") });
    const { error } = stream.getSnapshot();
    expect(error?.kind).toBe("invalid_options");
    expect(error?.cause).toBe(undefined);
    expect(error?.message).not.toMatch(/sec|ret\b/);
    expect(network.requests).toHaveLength(0);
  });

  it("appears in nothing that the stream shows", async () => {
    const { stream, network } = await connectStream({ token: () => Promise.resolve("s3cr3t") });
    const shown = [JSON.stringify(stream.getSnapshot())];
    network.last.respond(403);
    await settleBody();
    const { error } = stream.getSnapshot();
    shown.push(JSON.stringify(stream.getSnapshot()), String(error), String(error?.stack));
    expect(shown.join()).not.toContain("s3cr3t");
  });
});
