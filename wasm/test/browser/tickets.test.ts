import { describe, expect, it, vi } from "vitest";

import type { RegistrationStreamOptions } from "../../src/browser/stream_options.js";
import type { EventSourceConstructor } from "../../src/browser/event_source_transport.js";
import type { FakeRequest } from "../fakes.js";
import { createFetch, createNetwork, settle, settleBody, stageUpdate } from "../fakes.js";
import { createTestStream } from "./test_stream.js";

const streamPath = "/api/registrations/updates/stream";

/** A stream by EventSource with a token. The test provides its tickets and streams. */
async function connectStream(options: RegistrationStreamOptions = {}) {
  const tickets = createFetch();
  const network = createNetwork();
  const created = createTestStream({
    transport: "eventsource",
    token: () => Promise.resolve("s3cr3t-token"),
    fetch: tickets.fetch,
    eventSource: network.EventSource,
    ...options,
  });
  created.stream.connect();
  await settle();
  return { tickets, network, ...created };
}

async function answer(request: FakeRequest, body: string, status = 200): Promise<void> {
  request.respond(status, { "Content-Type": "application/json" });
  request.send(body);
  request.end();
  await settleBody();
}

const give = (request: FakeRequest, ticket: string) => answer(request, JSON.stringify({ ticket, expiresInMs: 30_000 }));

describe("a ticket", () => {
  it("is requested with the token, and opens the stream in its place", async () => {
    const { stream, tickets, network } = await connectStream({ url: `${streamPath}?branch=7#top` });
    expect(stream.getSnapshot().connection).toBe("authorizing");
    expect(tickets.last.url).toBe(`${streamPath}/tickets?branch=7`);
    expect(tickets.last.init).toMatchObject({ method: "POST", cache: "no-store", credentials: "same-origin" });
    expect([...tickets.last.headers]).toEqual([["authorization", "Bearer s3cr3t-token"]]);
    expect(network.sources).toHaveLength(0);

    await give(tickets.last, "one/1");
    expect(network.last.url).toBe(`${streamPath}?branch=7&registrationId=42&ticket=one%2F1`);
    network.last.accept();
    expect(stream.getSnapshot()).toMatchObject({ connection: "open", isConnected: true });
  });

  it("is a new one for each attempt: EventSource can't reuse one", async () => {
    const { tickets, network, clock } = await connectStream();
    await give(tickets.last, "first");
    network.last.accept();
    network.last.send(stageUpdate("duplicate_check", "started", 1), "17-1");
    network.last.lose();
    expect(network.live).toBe(0);
    clock.advance(2_000);
    await settle();
    await give(tickets.last, "second");
    network.last.lose();
    clock.advance(4_000);
    await settle();
    await give(tickets.last, "third");
    expect(network.sources.map(({ url }) => new URL(url, "http://h").searchParams.get("ticket"))).toEqual([
      "first",
      "second",
      "third",
    ]);
    expect(network.last.url).toContain("lastEventId=17-1&ticket=third");
    expect(tickets.requests).toHaveLength(3);
  });

  it.each([true, false])("is requested with cookies if the page wants them: %s", async (wanted) => {
    const { tickets, network } = await connectStream(wanted ? { credentials: "include" } : {});
    expect(tickets.last.init.credentials).toBe(wanted ? "include" : "same-origin");
    await give(tickets.last, "t");
    expect(network.last.withCredentials).toBe(wanted);
  });

  it("that is refused with 401 asks for a fresh token, once", async () => {
    const token = vi.fn((isRefused: boolean) => Promise.resolve(isRefused ? "fresh" : "stored"));
    const { stream, tickets, network } = await connectStream({ token });
    tickets.last.respond(401);
    await settleBody();
    expect(tickets.last.headers.get("Authorization")).toBe("Bearer fresh");
    tickets.last.respond(401);
    await settleBody();
    expect(stream.getSnapshot()).toMatchObject({
      connection: "closed",
      reason: "unauthorized",
      error: { kind: "refused", message: expect.stringContaining("401") as string },
    });
    expect(token.mock.calls).toEqual([[false], [true]]);
    expect([tickets.requests.length, network.sources.length]).toEqual([2, 0]);
  });

  it.each([
    [403, "forbidden"],
    [404, "refused_for_good"],
    [204, "told_to_stop"],
  ])("that is refused with %i closes the stream: %s", async (status, reason) => {
    const { stream, tickets } = await connectStream();
    tickets.last.respond(status);
    await settleBody();
    expect(stream.getSnapshot()).toMatchObject({ connection: "closed", reason });
  });

  it.each(["<html>", "{}", '{"ticket":7}', '{"ticket":""}', "null", `{"ticket":"${"x".repeat(20_000)}"}`])(
    "is not in an answer such as %.20s, which closes the stream",
    async (body) => {
      const { stream, tickets, network } = await connectStream();
      await answer(tickets.last, body);
      expect(stream.getSnapshot()).toMatchObject({ connection: "closed", reason: "wrong_content_type" });
      expect(network.sources).toHaveLength(0);
    },
  );

  it("that is not available now is requested again, no sooner than Retry-After", async () => {
    const { stream, signals, tickets, clock } = await connectStream();
    tickets.last.respond(429, { "Retry-After": "7" });
    await settleBody();
    expect(stream.getSnapshot()).toMatchObject({ connection: "waiting", reason: "refused", error: null });
    clock.advance(6_999);
    signals.send("visible");
    await settle();
    expect(tickets.requests).toHaveLength(1);
    clock.advance(2_000);
    await settle();
    expect(tickets.requests).toHaveLength(2);
  });

  it.each([
    ["there is no connection", (request: FakeRequest) => request.lose()],
    ["the head is cut off", (request: FakeRequest) => request.respond(200, { "Content-Type": "applic" })],
    [
      "the body breaks off",
      (request: FakeRequest) => {
        request.respond(200, { "Content-Type": "application/json" });
        request.send('{"ticket":"half');
        request.lose();
      },
    ],
  ])("is requested again later if %s", async (_, fail) => {
    const { stream, tickets, clock } = await connectStream();
    fail(tickets.last);
    await settleBody();
    expect(stream.getSnapshot()).toMatchObject({ connection: "waiting", reason: "token_unavailable" });
    clock.advance(2_000);
    await settle();
    expect(tickets.requests).toHaveLength(2);
  });

  it("that takes too long is dropped, and not used if it comes later", async () => {
    const { stream, tickets, network, clock } = await connectStream();
    const [late] = tickets.requests;
    clock.advance(15_000);
    expect(stream.getSnapshot()).toMatchObject({ connection: "waiting", reason: "timed_out" });
    expect(late?.init.signal?.aborted).toBe(true);
    clock.advance(2_000);
    await settle();
    await give(tickets.last, "in time");
    expect(network.sources.map(({ url }) => url)).toEqual([`${streamPath}?registrationId=42&ticket=in+time`]);
  });

  it("is not requested by a closed stream, and is dropped when a stream closes", async () => {
    let answerToken: (token: string) => void = () => {};
    const waiting = await connectStream({ token: () => new Promise((resolve) => (answerToken = resolve)) });
    waiting.stream.close();
    answerToken("t");
    await settle();
    expect(waiting.tickets.requests).toHaveLength(0);

    const asking = await connectStream();
    asking.stream.close();
    expect(asking.tickets.live).toBe(0);
    expect(asking.stream.getSnapshot().connection).toBe("closed");
  });

  it("appears in nothing that the stream shows, nor does the token", async () => {
    const cruel = class {
      constructor(url: string) {
        throw new SyntaxError(`Cannot open an EventSource to '${url}'`);
      }
    } as unknown as EventSourceConstructor;
    const { stream, tickets } = await connectStream({ eventSource: cruel });
    await give(tickets.last, "s3cr3t-ticket");
    const { error } = stream.getSnapshot();
    expect(error).toMatchObject({ kind: "unsupported", message: expect.stringContaining(streamPath) as string });
    const shown = [JSON.stringify(stream.getSnapshot()), String(error), String(error?.stack), String(error?.cause)];
    expect(shown.join()).not.toContain("s3cr3t");
  });

  it("can't be requested with a token that no header carries", async () => {
    const { stream, tickets } = await connectStream({ token: () => Promise.resolve("sec\nret") });
    const { error } = stream.getSnapshot();
    expect(error?.kind).toBe("invalid_options");
    expect(error?.message).not.toMatch(/sec|ret\b/);
    expect(tickets.requests).toHaveLength(0);
  });

  it("needs a fetch", async () => {
    vi.stubGlobal("fetch", undefined);
    const { stream } = await connectStream({ fetch: undefined });
    expect(stream.getSnapshot()).toMatchObject({ connection: "closed", error: { kind: "unsupported" } });
  });
});
