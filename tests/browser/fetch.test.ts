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

const eventOf = (id: string, update: object): string => `id: ${id}\ndata: ${JSON.stringify({ type: "update", data: update })}\n\n`;

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

  test("reads a stream byte by byte, resumes from another origin after an id of any script, and stops at 204", async () => {
    const first = updateOf("duplicate_check", 1);
    const second = updateOf("t24_lookup", 2);
    const bytes = (text: string) => new TextEncoder().encode(text);
    const script = streams.add([pieces(bytes(`retry: 1\n${eventOf("ደ-1", first)}`), 1), [bytes(eventOf("ደ-2", second))]]);

    const { updates, last } = await page.evaluate((url) => window.follow?.(url, 42), script.url) ?? {};
    expect(updates).toEqual([first, second]);
    expect(script.requests.map(({ lastEventId }) => lastEventId)).toEqual(["", "ደ-1", "ደ-2"]);
    expect(last).toMatchObject({ reason: "told_to_stop", connections: 2, registration: { stage: "t24_lookup" } });
  });
});
