import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { fitsHeader, openFetch } from "../../src/browser/fetch_transport.js";
import { createFetch, settleBody } from "../fakes.js";

function open(lastEventId = "", given: HeadersInit = {}) {
  const network = createFetch();
  const log: string[] = [];
  const close = openFetch(
    network.fetch,
    "/stream",
    { headers: new Headers(given), credentials: "include" },
    lastEventId,
    {
      responded: ({ status, isEventStream, retryAfterMs }) =>
        log.push(`responded ${status} ${isEventStream} ${retryAfterMs}`),
      message: () => log.push("message"),
      bytes: (chunk) => log.push(`bytes ${new TextDecoder().decode(chunk)}`),
      ended: (end) => log.push(end),
    },
  );
  return { network, request: network.last, log, close };
}

async function answerTo(status: number, headers: Record<string, string>): Promise<string[]> {
  const { request, log } = open();
  request.respond(status, headers);
  await settleBody();
  return log;
}

describe("one attempt by fetch", () => {
  it("requests an uncached event stream, with the caller's headers", () => {
    const { request } = open("17-3", { "X-Branch": "ET-1", Accept: "text/html" });
    expect(request.url).toBe("/stream");
    expect(request.init).toMatchObject({ cache: "no-store", credentials: "include" });
    expect(Object.fromEntries(request.headers)).toEqual({
      accept: "text/event-stream",
      "accept-encoding": "identity",
      "last-event-id": "17-3",
      "x-branch": "ET-1",
    });
  });

  it("sends no Last-Event-ID before there is one", () => {
    expect(open().request.headers.has("Last-Event-ID")).toBe(false);
  });

  it("sends an id of any script as the bytes of its UTF-8", () => {
    const id = "\uFEFFደንበኛ-😀-é";
    const sent = open(id).request.headers.get("Last-Event-ID") ?? "";
    expect(Buffer.from(sent, "latin1").toString("utf8")).toBe(id);
  });

  it.each(["17-3", "a b", "é", "ደ"])("can send the id %j in a header", (id) => {
    expect(fitsHeader(id)).toBe(true);
  });

  it.each([" 1", "1 ", "a\tb", "a\u0001", "\u007f"])("can't send the id %j in a header", (id) => {
    expect(fitsHeader(id)).toBe(false);
  });

  it("reports the answer, each piece, and the end", async () => {
    const { request, log } = open();
    request.accept();
    await settleBody();
    request.send("a");
    await settleBody();
    request.send("b");
    request.end();
    await settleBody();
    expect(log).toEqual(["responded 200 true undefined", "bytes a", "bytes b", "ended"]);
  });

  it("reads the next piece after the last one was processed", async () => {
    const { request, log } = open();
    request.accept();
    await settleBody();
    expect(request.pulls).toBe(1);
    request.send("a");
    await settleBody();
    expect(request.pulls).toBe(2);
    expect(log).toHaveLength(2);
  });

  it("has failed if there was no answer, or a redirect could not be followed", async () => {
    const { request, log } = open();
    request.lose();
    await settleBody();
    expect(log).toEqual(["failed"]);
  });

  it("has failed if the body breaks", async () => {
    const { request, log } = open();
    request.accept();
    request.send("a");
    await settleBody();
    request.lose();
    await settleBody();
    expect(log).toEqual(["responded 200 true undefined", "bytes a", "failed"]);
  });

  it("has ended if a stream has no body", async () => {
    const log: string[] = [];
    const response = new Response(null, { headers: { "Content-Type": "text/event-stream" } });
    const note = (name: string) => () => log.push(name);
    openFetch(() => Promise.resolve(response), "/stream", { headers: new Headers(), credentials: "omit" }, "", {
      responded: note("responded"),
      message: note("message"),
      bytes: note("bytes"),
      ended: note("ended"),
    });
    await settleBody();
    expect(log).toEqual(["responded", "ended"]);
  });

  it.each([
    ["text/event-stream", true],
    ["Text/Event-Stream ; charset=utf-8", true],
    ["text/event-stream;charset=latin1", true],
    ["text/event-streams", false],
    ["text/html", false],
    ["application/json; a=text/event-stream", false],
    ["text/plain", false],
  ])("takes the type %j for a stream: %s", async (type, isEventStream) => {
    expect((await answerTo(200, { "Content-Type": type }))[0]).toBe(`responded 200 ${isEventStream} undefined`);
  });

  it.each<Record<string, string>>([
    {},
    { "Content-Type": "" },
    { "Content-Type": "t" },
    { "Content-Type": "text/event-strea" },
  ])("takes a 200 with the header %j for a cut head", async (headers) => {
    const { network, request, log } = open();
    request.respond(200, headers);
    await settleBody();
    expect(log).toEqual(["failed"]);
    expect(network.live).toBe(0);
  });

  it.each([2, 20, 50])("takes the status %i for a cut head", async (status) => {
    // The constructor of Response refuses this status; a browser may still deliver it.
    const response = Object.defineProperty(new Response(null), "status", { value: status });
    const log: string[] = [];
    const note = (name: string) => () => log.push(name);
    openFetch(() => Promise.resolve(response), "/stream", { headers: new Headers(), credentials: "omit" }, "", {
      responded: note("responded"),
      message: note("message"),
      bytes: note("bytes"),
      ended: (end) => log.push(end),
    });
    await settleBody();
    expect(log).toEqual(["failed"]);
  });

  it.each([
    [200, { "Content-Type": "text/html" }],
    [204, {}],
    [404, {}],
    [503, { "Content-Type": "text/event-stream" }],
  ])("reads nothing of an answer %i %j, and cancels it", async (status, headers) => {
    const { network, request, log } = open();
    request.respond(status, headers as Record<string, string>);
    await settleBody();
    expect(log).toEqual([`responded ${status} ${status === 503} undefined`]);
    expect(network.live).toBe(0);
    expect(request.pulls).toBe(0);
  });
});

describe("an attempt by fetch that is closed", () => {
  it("before the answer: aborts, and does not report the rejection", async () => {
    const { network, log, close } = open();
    close();
    await settleBody();
    expect(network.live).toBe(0);
    expect(log).toEqual([]);
  });

  it("as the answer comes: does not report it", async () => {
    const { request, log, close } = open();
    request.accept();
    close();
    await settleBody();
    expect(log).toEqual([]);
  });

  it("in the stream: reports no earlier piece, and no end", async () => {
    const { network, request, log, close } = open();
    request.accept();
    await settleBody();
    request.send("late");
    close();
    await settleBody();
    expect(network.live).toBe(0);
    expect(log).toEqual(["responded 200 true undefined"]);
  });

  it("by the listener of the answer: reads nothing", async () => {
    const network = createFetch();
    const log: string[] = [];
    const close = openFetch(network.fetch, "/stream", { headers: new Headers(), credentials: "omit" }, "", {
      responded: () => close(),
      message: () => log.push("message"),
      bytes: () => log.push("bytes"),
      ended: (end) => log.push(end),
    });
    network.last.accept();
    await settleBody();
    expect(log).toEqual([]);
    expect(network.last.pulls).toBe(0);
  });
});

describe("Retry-After", () => {
  beforeEach(() => {
    vi.spyOn(Date, "now").mockReturnValue(Date.UTC(2024, 1, 29, 23, 59, 0));
  });
  afterEach(() => {
    vi.restoreAllMocks();
  });

  it.each([
    ["0", 0],
    ["120", 120_000],
    [" 7 ", 7_000],
    ["99999999999999999999", 1e23],
    // The three forms of a date (RFC 9110, 5.6.7).
    ["Fri, 01 Mar 2024 00:01:00 GMT", 120_000],
    ["Friday, 01-Mar-24 00:01:00 GMT", 120_000],
    ["Fri Mar  1 00:01:00 2024", 120_000],
    // A date in the past.
    ["Thu, 29 Feb 2024 23:58:59 GMT", 0],
    ["", undefined],
    ["-5", undefined],
    ["1.5", undefined],
    ["5 s", undefined],
    ["soon 5", undefined],
    ["2024-03-01", undefined],
    ["Fri, 01 Mar 2024", undefined],
    ["Fri, 99 Mxx 2024 00:01:00 GMT", undefined],
    ["Fri, 01 Mar 2024 00:01:00 GMT and more", undefined],
  ])("%j asks to wait for %s ms", async (value, wait) => {
    expect(await answerTo(503, { "Retry-After": value })).toEqual([`responded 503 false ${wait}`]);
  });
});
