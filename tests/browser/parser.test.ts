import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { launchBrowser } from "../processes/browser.ts";
import { named, readVectors } from "../vectors/read_vectors.ts";
import { ModuleServer } from "./module_server.ts";

describe("the shared vectors hold in the WASM module in Chromium, at every split", () => {
  let browser: Browser;
  let server: ModuleServer;
  let page: Page;

  beforeAll(async () => {
    server = await ModuleServer.start();
    browser = await launchBrowser();
    page = await browser.newPage();
    const failed = new Promise<never>((_, reject) => page.once("pageerror", reject));
    await page.goto(server.pageWith("/tests/browser/parser_page.ts"));
    await Promise.race([failed, page.waitForFunction(() => window.findDifference !== undefined)]);
  });
  afterAll(async () => {
    await browser.close();
    await server.stop();
  });

  test.each(named(readVectors()))("%s", async (_, { file, heading }) => {
    expect(
      await page.evaluate(([name = "", which = ""]) => window.findDifference?.(name, which), [file, heading]),
    ).toBeNull();
  });
});
