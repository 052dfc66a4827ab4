import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { launchBrowser } from "../processes/browser.ts";
import { pieces } from "../vectors/replay.ts";
import { ModuleServer } from "./module_server.ts";
import { StreamServer } from "./stream_server.ts";

const updateOf = (stage: string, timestamp: number) => ({
  registrationId: 42,
  status: "PENDING",
  stage,
  stageStatus: "started",
  message: "ደንበኛ ተገኝቷል 😀",
  timestamp,
});

const bytes = (text: string) => new TextEncoder().encode(text);

const eventOf = (id: string, update: object): string =>
  `id: ${id}\ndata: ${JSON.stringify({ type: "update", data: update })}\n\n`;

describe("the browser package's stream, by fetch, in Chromium", () => {
  let browser: Browser;
  let modules: ModuleServer;
  let streams: StreamServer;
  let page: Page;

  beforeAll(async () => {
    [modules, streams] = await Promise.all([ModuleServer.start(), StreamServer.start()]);
    browser = await launchBrowser();
    page = await browser.newPage();
    const failed = new Promise<never>((_, reject) => page.once("pageerror", reject));
    await page.goto(modules.pageWith("/tests/browser/fetch_page.ts"));
    await Promise.race([failed, page.waitForFunction(() => window.follow !== undefined)]);
  });
  afterAll(async () => {
    await browser.close();
    await Promise.all([modules.stop(), streams.stop()]);
  });

  test("reads byte by byte, resumes from another origin after an id of any script, and stops at 204", async () => {
    const first = updateOf("duplicate_check", 1);
    const second = updateOf("t24_lookup", 2);
    const script = streams.add([
      pieces(bytes(`retry: 1\n${eventOf("ደ-1", first)}`), 1),
      [bytes(eventOf("ደ-2", second))],
    ]);

    const { updates, last } = (await page.evaluate((url) => window.follow?.(url, 42), script.url)) ?? {};
    expect(updates).toEqual([first, second]);
    expect(script.requests.map(({ lastEventId }) => lastEventId)).toEqual(["", "ደ-1", "ደ-2"]);
    expect(last).toMatchObject({ reason: "told_to_stop", connections: 2, registration: { stage: "t24_lookup" } });
  });

  // By the pings alone it would wait for 75 s.
  test("reconnects when the announced heartbeat stops", async () => {
    const update = updateOf("duplicate_check", 1);
    const script = streams.add([[bytes(`: heartbeat 100\nretry: 1\n${eventOf("1-1", update)}`)]], 1);

    const { updates, last } = (await page.evaluate((url) => window.follow?.(url, 42), script.url)) ?? {};
    expect(updates).toEqual([update]);
    expect(script.requests.map(({ lastEventId }) => lastEventId)).toEqual(["", "1-1"]);
    expect(last).toMatchObject({ reason: "told_to_stop", connections: 1 });
  });
});

/** The beginning of the gateway's answer. */
const head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n";

/**
 * Where the first answer is cut. Chromium makes of these a status of 20, a 200 without a type, and 200s with half a
 * type.
 */
const cuts = [
  "HTTP/1.1 20",
  "HTTP/1.1 200 OK\r\n",
  "HTTP/1.1 200 OK\r\nContent-Type:",
  "HTTP/1.1 200 OK\r\nContent-Type: text/ev",
];

describe("an answer that is cut within its head", () => {
  let browser: Browser;
  let modules: ModuleServer;
  let server: Server;
  beforeAll(async () => {
    [browser, modules] = await Promise.all([launchBrowser(), ModuleServer.start()]);
    const answers = new Map(
      cuts.map((cut, index) => [`/stream/${index}`, [cut, head + eventOf("1-1", updateOf("t24_lookup", 1))]]),
    );
    // The page must come from the same origin: a page of another one does not even see such an answer.
    server = createServer((request, response) => {
      const { pathname } = new URL(request.url ?? "/", "http://localhost");
      const left = answers.get(pathname);
      const next = left?.shift();
      if (next !== undefined) response.socket?.end(next);
      else if (left !== undefined) response.writeHead(204).end();
      else {
        void fetch(`http://127.0.0.1:${modules.port}${request.url ?? "/"}`).then(async (module) => {
          response
            .writeHead(module.status, { "Content-Type": module.headers.get("Content-Type") ?? "" })
            .end(Buffer.from(await module.arrayBuffer()));
        });
      }
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  });
  afterAll(async () => {
    await browser.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await modules.stop();
  });

  test("does not end the stream", async () => {
    const page = await browser.newPage();
    const { port } = server.address() as AddressInfo;
    await page.goto(`http://127.0.0.1:${port}/?script=${encodeURIComponent("/tests/browser/fetch_page.ts")}`);
    await page.waitForFunction(() => window.follow !== undefined);
    const followed = await page.evaluate(
      (count) => Promise.all(Array.from({ length: count }, (_, index) => window.follow?.(`/stream/${index}`, 42))),
      cuts.length,
    );
    for (const one of followed) {
      expect(one?.updates).toEqual([updateOf("t24_lookup", 1)]);
      expect(one?.last).toMatchObject({ reason: "told_to_stop", connections: 1 });
    }
  });
});
