import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, test } from "vitest";

import { launchBrowser } from "../processes/browser.ts";
import { unescapeBytes } from "../vectors/escape.ts";
import { eventLine, leftBy, leftLine, linesOf, typesOf } from "../vectors/log.ts";
import { named, readVectors } from "../vectors/read_vectors.ts";
import { pieces } from "../vectors/replay.ts";
import type { Connection, ParserVector } from "../vectors/vector_file.ts";
import { StreamServer } from "./stream_server.ts";

interface ShownEvent {
  readonly type: string;
  readonly data: string;
  readonly lastEventId: string;
}

/** The most that a test waits for, for the reconnection that reveals what was left. */
const retryMsMax = 3000;

/**
 * Runs in the page: collects what an EventSource shows of each connection, for `connectionsMax` connections or until it
 * gives up. A connection's end is an event named `error` that is not a MessageEvent.
 */
function watch([url, types, connectionsMax]: readonly [string, readonly string[], number]): Promise<ShownEvent[][]> {
  return new Promise((resolve) => {
    const source = new EventSource(url);
    const ended: ShownEvent[][] = [];
    let shown: ShownEvent[] = [];
    for (const type of types) {
      source.addEventListener(type, (event: Event) => {
        if (event instanceof MessageEvent)
          shown.push({ type: event.type, data: event.data as string, lastEventId: event.lastEventId });
      });
    }
    source.addEventListener("error", (event: Event) => {
      if (event instanceof MessageEvent) return;
      if (source.readyState !== EventSource.CLOSED) {
        ended.push(shown);
        shown = [];
        if (ended.length < connectionsMax) return;
      }
      source.close();
      resolve(ended);
    });
  });
}

/** The log that EventSource must produce. */
const logFor = ({ log, chromiumLog }: Connection): string => chromiumLog ?? log;

/** Every event type that could occur: those of the logs, and any text behind a colon. */
function typesIn({ connections }: ParserVector): string[] {
  const logged = connections
    .flatMap(({ log, chromiumLog }) => [...typesOf(log), ...typesOf(chromiumLog ?? "")])
    .map((type) => new TextDecoder().decode(unescapeBytes(type) ?? new Uint8Array()));
  const sent = connections.flatMap(({ stream }) =>
    [...new TextDecoder().decode(stream).matchAll(/:( ?)([^\r\n]+)/g)].flatMap(([, space = "", value = ""]) => [
      value,
      space + value,
    ]),
  );
  return [...new Set(["message", ...logged, ...sent])];
}

describe("Chromium's own EventSource agrees with the shared vectors", () => {
  let browser: Browser;
  let server: StreamServer;
  let page: Page;

  beforeAll(async () => {
    server = await StreamServer.start();
    browser = await launchBrowser();
    page = await browser.newPage();
    await page.goto(server.page);
  });
  afterAll(async () => {
    await browser.close();
    await server.stop();
  });

  /** EventSource's log, with each stream split into pieces of `size`. */
  async function logsOf(vector: ParserVector, size: number): Promise<string[]> {
    const isWhole = vector.eventSource === "everything";
    // The first connection sets up the vector's initial state and lets EventSource reconnect without a pause.
    const start = new TextEncoder().encode(`retry: 1\nid: ${vector.lastEventId}\n\n`);
    const script = server.add([[start], ...vector.connections.map(({ stream }) => pieces(stream, size))]);
    const connectionsMax = isWhole ? Number.POSITIVE_INFINITY : 1 + vector.connections.length;
    const [, ...shown] = await page.evaluate(watch, [script.url, typesIn(vector), connectionsMax] as const);
    return shown.map((events, index) => {
      const log = events.map(({ type, data, lastEventId }) => eventLine(type, data, lastEventId)).join("");
      if (!isWhole) return log;
      // The next request reveals what was left: the id in its header, and a reconnection time by its delay.
      const next = script.requests[index + 2];
      const connection = vector.connections[index];
      if (next === undefined || connection === undefined) return `${log}no further request`;
      const { retry } = leftBy(logFor(connection));
      const cameTooSoon = next.pauseMs < (retry ?? 0) / 2;
      return log + leftLine(next.lastEventId, cameTooSoon ? Math.round(next.pauseMs) : retry);
    });
  }

  const asked = readVectors().filter(({ eventSource }) => eventSource !== "not asked");

  // A few at a time: a browser has six connections to a host.
  test.concurrent.for(named(asked))("%s", async ([, vector], { expect }) => {
    const isWhole = vector.eventSource === "everything";
    const retries = vector.connections.map((connection) => leftBy(logFor(connection)).retry ?? 0);
    if (isWhole && Math.max(...retries) > retryMsMax)
      throw new Error("This would wait too long: say that EventSource is asked for events only");
    if (!isWhole && vector.connections.length > 1)
      throw new Error("Events only, of several connections: EventSource can't be asked");

    const expected = vector.connections.map((connection) =>
      linesOf(logFor(connection), "event", ...(isWhole ? ["left"] : [])),
    );
    const longest = Math.max(1, ...vector.connections.map(({ stream }) => stream.length));
    const [whole, inBytes] = await Promise.all([logsOf(vector, longest), logsOf(vector, 1)]);
    // One text each, so that each failure is shown.
    expect(whole.join("\n")).toBe(expected.join("\n"));
    expect(inBytes.join("\n")).toBe(expected.join("\n"));
  });
});
