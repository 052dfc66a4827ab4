import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";

import { launchBrowser } from "../processes/browser.ts";
import { GuardedServer } from "./guarded_server.ts";
import { ModuleServer } from "./module_server.ts";

const update = (message: string): object => ({
  type: "update",
  data: { registrationId: 42, status: "PENDING", stage: "t24_lookup", stageStatus: "started", message, timestamp: 1 },
});

describe("Chromium's EventSource behind an access policy, from another origin", () => {
  let browser: Browser;
  let modules: ModuleServer;
  let server: GuardedServer;
  let context: BrowserContext;
  let page: Page;

  beforeAll(async () => {
    [browser, modules] = await Promise.all([launchBrowser(), ModuleServer.start()]);
  });
  afterAll(async () => {
    await browser.close();
    await modules.stop();
  });
  beforeEach(async () => {
    const pageUrl = modules.pageWith("/tests/browser/guarded_page.ts");
    server = await GuardedServer.start(new URL(pageUrl).origin);
    context = await browser.newContext();
    page = await context.newPage();
    await page.goto(pageUrl);
    await page.waitForFunction(() => window.guard !== undefined);
  });
  afterEach(async () => {
    await context.close();
    await server.stop();
  });

  const guard = (credentials: "include" | "same-origin", ...tokens: string[]): Promise<void> =>
    page.evaluate(([url, wanted, given]) => window.guard?.({ url, credentials: wanted }, given), [server.url, credentials, tokens] as const);
  const untilShown = async (text: string): Promise<string[]> => {
    await page.waitForFunction((wanted) => window.shown.some((one) => one.includes(wanted)), text);
    return page.evaluate(() => window.shown);
  };

  test("gets in by a ticket, and by another one each time that it comes back", async () => {
    await guard("same-origin", "one", "two");
    await server.untilVisits(1);
    server.send(update("first"), "7-1");
    await untilShown("first");
    server.endStreams();
    await server.untilVisits(2);
    server.send(update("second"), "7-2");
    const shown = await untilShown("second");
    expect(server.tokens).toEqual(["Bearer one", "Bearer two"]);
    // EventSource comes back by itself within a millisecond here, if it is not closed: with a ticket that is used up.
    expect(server.visits).toEqual([
      { ticket: "ticket 1", cookie: undefined, lastEventId: null, status: 200 },
      { ticket: "ticket 2", cookie: undefined, lastEventId: "7-1", status: 200 },
    ]);
    expect(shown.join("\n")).not.toMatch(/ticket|one|two/);
  });

  test("with a token that has expired asks for a fresh one, and says at once that it gets none", async () => {
    await guard("same-origin", "expired", "expired");
    const shown = await untilShown("closed");
    expect(shown.at(-1)).toContain("unauthorized (status 401)");
    expect(server.tokens).toHaveLength(2);
    expect(server.visits).toEqual([]);
  });

  test("is renewed before its token expires, and is connected all the time", async () => {
    await guard("same-origin", "one", "two");
    await server.untilVisits(1);
    server.send(update("first"), "7-1");
    await untilShown("first");
    server.send({ type: "token_expiring", timestamp: 1, expiresInMs: 3_000 });
    await server.untilVisits(2);
    server.send(update("second"), "7-2");
    const shown = await untilShown("open|connected|second");
    expect(shown.slice(shown.findIndex((one) => one.includes("first"))).filter((one) => one.includes("away"))).toEqual([]);
    expect(server.visits[1]).toEqual({ ticket: "ticket 2", cookie: undefined, lastEventId: "7-1", status: 200 });
  });

  test.each([
    ["include", 200],
    ["same-origin", 401],
  ] as const)("with credentials %s sends the cookie of that origin or not: %i", async (credentials, status) => {
    await page.evaluate((url) => fetch(new URL("/sign-in", url), { credentials: "include" }), server.url);
    await guard(credentials);
    await server.untilVisits(1);
    expect(server.visits[0]).toEqual({ ticket: null, cookie: status === 200 ? "session=secret" : undefined, lastEventId: null, status });
  });
});
