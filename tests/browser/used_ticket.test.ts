import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";

import { launchBrowser } from "../processes/browser.ts";
import { GuardedServer } from "./guarded_server.ts";
import { ModuleServer } from "./module_server.ts";

let browser: Browser;
let modules: ModuleServer;
let server: GuardedServer;
let page: Page;

beforeAll(async () => {
  [browser, modules] = await Promise.all([launchBrowser(), ModuleServer.start()]);
  const pageUrl = modules.pageWith("/tests/browser/guarded_page.ts");
  server = await GuardedServer.start(new URL(pageUrl).origin);
  page = await browser.newPage();
  await page.goto(pageUrl);
  await page.waitForFunction(() => window.guard !== undefined);
});
afterAll(async () => {
  await browser.close();
  await server.stop();
  await modules.stop();
});

const send = async (message: string, id: string): Promise<void> => {
  const stage = { stage: "t24_lookup", stageStatus: "started", message };
  server.send({ type: "update", data: { registrationId: 42, status: "PENDING", ...stage, timestamp: 1 } }, id);
  await page.waitForFunction((wanted) => window.heard.includes(wanted), message);
};

test("a used ticket is not sent again when the stream has ended", async () => {
  await page.evaluate((url) => window.guard?.({ url, transport: "eventsource" }, ["one", "two"]), server.url);
  await server.untilVisits(1);
  await send("first", "7-1");
  server.endStreams();
  await server.untilVisits(2);
  await send("second", "7-2");
  // Unless it is closed, EventSource reconnects within a millisecond here.
  expect(server.visits).toEqual([
    { ticket: "ticket 1", lastEventId: null, status: 200 },
    { ticket: "ticket 2", lastEventId: "7-1", status: 200 },
  ]);
  expect(await page.evaluate(() => window.shown.join())).not.toMatch(/ticket|one|two/);
});
