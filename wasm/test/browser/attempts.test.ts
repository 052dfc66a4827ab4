import { describe, expect, it } from "vitest";

import type { RegistrationStreamOptions } from "../../src/browser/stream_options.js";
import { createFetch, createNetwork, settle, settleBody, stageUpdate } from "../fakes.js";
import { createTestStream } from "./test_stream.js";

const streamPath = "/api/registrations/updates/stream";

/** A stream by EventSource that may use fetch, with the test's network. */
async function connectStream(options: RegistrationStreamOptions = {}) {
  const fetched = createFetch();
  const network = createNetwork();
  const created = createTestStream({
    transport: "eventsource",
    fetch: fetched.fetch,
    eventSource: network.EventSource,
    ...options,
  });
  created.stream.connect();
  await settle();
  return { fetched, network, ...created };
}

type Stream = Awaited<ReturnType<typeof connectStream>>;

const eventOf = (message: object, id: string) => `id: ${id}\ndata: ${JSON.stringify(message)}\n\n`;
const connected = (id: string) => eventOf({ type: "connected", timestamp: 1 }, id);

/** A complete answer to a poll or probe. */
async function answer({ fetched }: Stream, body: string): Promise<void> {
  fetched.last.accept();
  fetched.last.send(body);
  fetched.last.end();
  await settleBody();
}

/** A stream that is held back, as a probe has found; its first poll is in progress. */
async function pollingStream(options: RegistrationStreamOptions = {}): Promise<Stream> {
  const created = await connectStream(options);
  created.clock.advance(5_000);
  await answer(created, connected("17-1"));
  return created;
}

describe("a refusal that EventSource hides", () => {
  it.each([
    [401, {}, "unauthorized"],
    [404, {}, "refused_for_good"],
    [200, { "Content-Type": "text/html" }, "wrong_content_type"],
  ])("is seen by the next attempt, at its normal time: %i", async (status, headers, reason) => {
    const { stream, fetched, network, clock } = await connectStream();
    network.last.accept();
    network.last.send(stageUpdate("duplicate_check", "started", 1), "17-1");
    network.last.lose();
    clock.advance(2_000);
    network.last.refuse();
    expect(stream.getSnapshot()).toMatchObject({ connection: "waiting", reason: "refused", transport: "eventsource" });
    clock.advance(999);
    expect(fetched.requests).toHaveLength(0);
    clock.advance(3_000);
    expect(fetched.last.url).toBe(`${streamPath}?registrationId=42&lastEventId=17-1`);
    // Anything else would need a preflight.
    expect([...fetched.last.headers.keys()]).toEqual(["accept", "accept-encoding"]);
    expect(stream.getSnapshot().transport).toBe("fetch");
    fetched.last.respond(status, headers);
    await settleBody();
    expect(stream.getSnapshot()).toMatchObject({ connection: "closed", reason });
    expect(stream.getSnapshot().error?.message).toContain(`status ${status}`);
  });

  it("stops the stream where it is a 204", async () => {
    const { stream, fetched, network, clock } = await connectStream();
    network.last.refuse();
    clock.advance(2_000);
    fetched.last.respond(204);
    await settleBody();
    expect(stream.getSnapshot()).toMatchObject({ connection: "closed", reason: "told_to_stop", error: null });
  });

  it("leaves the stream with fetch if that opens; the next one is by EventSource again", async () => {
    const { stream, fetched, network, clock } = await connectStream();
    network.last.refuse();
    clock.advance(2_000);
    fetched.last.accept();
    fetched.last.send(connected("17-1"));
    await settleBody();
    expect(stream.getSnapshot()).toMatchObject({ isConnected: true, transport: "fetch" });
    fetched.last.end();
    await settleBody();
    clock.advance(2_000);
    expect(network.sources).toHaveLength(2);
    expect(network.last.url).toContain("lastEventId=17-1");
    expect(stream.getSnapshot().transport).toBe("eventsource");
  });

  it("stays hidden if the page brings an EventSource of its own and no fetch", async () => {
    const network = createNetwork();
    const { stream, clock } = createTestStream({ eventSource: network.EventSource });
    stream.connect();
    await settle();
    network.last.refuse();
    clock.advance(2_000);
    expect(network.sources).toHaveLength(2);
  });

  it("closes a stream of the standard policy, as ever", async () => {
    const { stream, fetched, network } = await connectStream({ policy: "standard" });
    network.last.refuse();
    expect(stream.getSnapshot()).toMatchObject({ connection: "closed", reason: "refused_for_good" });
    expect(fetched.requests).toHaveLength(0);
  });

  it("is seen with a ticket of its own", async () => {
    const { fetched, network, clock } = await connectStream({ token: () => Promise.resolve("s3cr3t") });
    const give = async (ticket: string) => {
      fetched.last.respond(200, { "Content-Type": "application/json" });
      fetched.last.send(JSON.stringify({ ticket, expiresInMs: 30_000 }));
      fetched.last.end();
      await settleBody();
    };
    await give("first");
    network.last.refuse();
    clock.advance(2_000);
    await settle();
    await give("second");
    expect(fetched.last.url).toBe(`${streamPath}?registrationId=42&ticket=second`);
    expect(fetched.last.headers.has("Authorization")).toBe(false);
  });
});

describe("a stream that is held back", () => {
  it("is detected by a poll without a cursor, and polls replace it", async () => {
    const stalled = await connectStream();
    const { stream, fetched, network, clock } = stalled;
    clock.advance(4_999);
    expect(fetched.requests).toHaveLength(0);
    clock.advance(1);
    expect(fetched.last.url).toBe(`${streamPath}?registrationId=42&poll=1`);
    expect(stream.getSnapshot()).toMatchObject({ connection: "connecting", transport: "eventsource" });
    await answer(stalled, connected("17-1"));
    expect(network.live).toBe(0);
    expect(stream.getSnapshot()).toMatchObject({ reason: "held_back", transport: "polling" });
    expect(fetched.requests).toHaveLength(2);
    expect(fetched.last.url).toBe(`${streamPath}?registrationId=42&poll=1`);
  });

  it("continues by polls as one connection, each from the last one's cursor", async () => {
    const stalled = await pollingStream();
    const { stream, fetched, clock, updates } = stalled;
    await answer(stalled, connected("17-1"));
    expect(stream.getSnapshot()).toMatchObject({ connection: "open", isConnected: true, connections: 1 });
    clock.advance(250);
    expect(fetched.last.url).toBe(`${streamPath}?registrationId=42&poll=1&lastEventId=17-1`);
    expect([...fetched.last.headers.keys()]).toEqual(["accept", "accept-encoding"]);
    const shown: string[] = [];
    stream.subscribe(() => shown.push(stream.getSnapshot().connection));
    clock.advance(20_000);
    await answer(stalled, connected("17-1") + eventOf(stageUpdate("duplicate_check", "started", 1), "17-2"));
    expect(updates).toHaveLength(1);
    expect(fetched.last.url).toContain("poll=1&lastEventId=17-2");
    expect(shown).toEqual(["open"]);
    fetched.last.lose();
    await settleBody();
    expect(stream.getSnapshot()).toMatchObject({ connection: "waiting", isConnected: false });
    clock.advance(3_000);
    expect(fetched.last.url).toContain("poll=1&lastEventId=17-2");
  });

  it("is tried again after five minutes, and stays if events arrive", async () => {
    const stalled = await pollingStream();
    const { stream, network, clock } = stalled;
    for (let poll = 0; network.sources.length === 1; ++poll) {
      expect(poll).toBeLessThan(14);
      clock.advance(24_000);
      await answer(stalled, connected("17-1"));
    }
    expect(stream.getSnapshot()).toMatchObject({ isConnected: true, transport: "eventsource" });
    network.last.accept();
    network.last.send({ type: "connected", timestamp: 1 }, "17-1");
    clock.advance(10_000);
    expect(stream.getSnapshot()).toMatchObject({ isConnected: true, transport: "eventsource", connections: 1 });
  });

  it("is not assumed if the server is silent both ways", async () => {
    const { stream, fetched, network, clock } = await connectStream();
    network.last.accept();
    clock.advance(5_000);
    fetched.last.accept();
    fetched.last.send("retry: 1000\n: heartbeat 10000\n\n");
    await settleBody();
    expect(fetched.live).toBe(1);
    network.last.send({ type: "connected", timestamp: 1 }, "17-1");
    expect(fetched.live).toBe(0);
    expect(stream.getSnapshot()).toMatchObject({ isConnected: true, transport: "eventsource" });
    expect(network.sources).toHaveLength(1);
  });

  it("has its probe cancelled with the stream", async () => {
    const { stream, fetched, clock } = await connectStream();
    clock.advance(5_000);
    stream.close();
    expect(fetched.live).toBe(0);
  });

  it("is detected with fetch as well, with its headers and token", async () => {
    const stalled = await connectStream({
      transport: "fetch",
      headers: { "X-Branch": "7" },
      token: () => Promise.resolve("s3cr3t"),
    });
    const { fetched, clock } = stalled;
    clock.advance(5_000);
    await settle();
    expect(fetched.requests).toHaveLength(2);
    expect(fetched.last.url).toBe(`${streamPath}?registrationId=42&poll=1`);
    expect(fetched.last.headers.get("Authorization")).toBe("Bearer s3cr3t");
    await answer(stalled, connected("17-1"));
    await settle();
    expect(fetched.requests).toHaveLength(3);
    expect(fetched.last.headers.get("X-Branch")).toBe("7");
    expect(fetched.live).toBe(1);
  });
});

describe("a stream that was silent", () => {
  it("is replaced when the page becomes visible, after the interval of its pings", async () => {
    const { network, clock, signals } = await connectStream();
    network.last.accept();
    network.last.send({ type: "ping", timestamp: 1_702_493_000_000 });
    network.last.send({ type: "ping", timestamp: 1_702_493_010_000 });
    clock.sleep(15_001);
    signals.send("visible");
    expect(network.sources).toHaveLength(2);
  });

  it("is replaced when the network is back", async () => {
    const { network, clock, signals } = await connectStream();
    network.last.accept();
    clock.advance(2_000);
    signals.send("offline");
    signals.send("online");
    expect(network.sources).toHaveLength(2);
  });
});
