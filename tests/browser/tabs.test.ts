import { copyFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { build } from "esbuild";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";

import { launchBrowser } from "../processes/browser.ts";
import { Gateway } from "../processes/gateway.ts";
import { temporaryFolder } from "../processes/temporary_folder.ts";
import type { TabReport } from "./tabs_page.ts";

const streamPath = "/api/registrations/updates/stream";
/** More tabs than a browser has connections to a host over HTTP/1.1. */
const tabsCount = 8;

/** A page that the gateway serves, so that its stream and its requests share the host's connections. */
async function bundlePage(): Promise<string> {
  const folder = temporaryFolder();
  const entry = fileURLToPath(new URL("tabs_page.ts", import.meta.url));
  await build({
    entryPoints: [entry],
    bundle: true,
    format: "esm",
    outfile: join(folder, "page.js"),
    logLevel: "error",
  });
  await writeFile(join(folder, "index.html"), '<!doctype html><script type="module" src="/page.js"></script>');
  await copyFile(createRequire(import.meta.url).resolve("regstream/regstream.wasm"), join(folder, "regstream.wasm"));
  return folder;
}

const report = (page: Page): Promise<TabReport> =>
  page.evaluate(() => window.report?.() ?? Promise.reject(new Error("No report")));

const sequenceOf = (id: string): number => Number(id.split("-")[1]);

describe("eight tabs of the gateway's page, over HTTP/1.1", () => {
  let browser: Browser;
  let gateway: Gateway;
  let context: BrowserContext;
  let folder: string;
  let tabs: Page[];
  /** The tab that last requested the stream. */
  let owner: Page | undefined;
  let wasmLoads: number;

  beforeAll(async () => {
    [browser, folder] = await Promise.all([launchBrowser(), bundlePage()]);
  });
  afterAll(() => browser.close());
  beforeEach(async () => {
    const database = join(temporaryFolder(), "demo.sqlite");
    gateway = await Gateway.start({
      hasDemo: false,
      more: ["--demo", "--database", database, "--page", folder, "--publish-route", "on"],
    });
    context = await browser.newContext();
    wasmLoads = 0;
    tabs = [];
    await open(tabsCount);
  });
  afterEach(async () => {
    await context.close();
    await gateway.stop("SIGKILL");
  });

  const open = async (count: number): Promise<void> => {
    for (let index = 0; index < count; ++index) {
      const page = await context.newPage();
      page.on("request", (request) => {
        const { pathname } = new URL(request.url());
        if (pathname === streamPath) owner = page;
        if (pathname.endsWith(".wasm")) wasmLoads += 1;
      });
      page.on("crash", () => {
        tabs = tabs.filter((tab) => tab !== page);
      });
      tabs.push(page);
      await page.goto(gateway.url("/"));
    }
    await Promise.all(tabs.map((tab) => tab.waitForFunction(() => window.report?.().isConnected === true)));
  };

  const streamsOpen = async (): Promise<number> => {
    const text = await (await fetch(gateway.url("/metrics"))).text();
    const lines = [...text.matchAll(/^regstream_streams(?:\{[^}]*\})? (\d+)$/gm)];
    return lines.reduce((sum, [, count]) => sum + Number(count), 0);
  };

  const publish = async (message: string): Promise<void> => {
    const body = JSON.stringify({ status: "PENDING", message });
    const headers = { "Content-Type": "application/json" };
    const { status } = await fetch(gateway.url("/api/registrations/42/updates"), { method: "POST", headers, body });
    expect(status).toBeLessThan(300);
  };

  /** Ends the owner by `end`. */
  const kill = async (end: (page: Page) => Promise<unknown>): Promise<void> => {
    const page = owner;
    if (page === undefined) throw new Error("No tab has asked for the stream");
    tabs = tabs.filter((tab) => tab !== page);
    await end(page);
  };
  const close = (page: Page): Promise<void> => page.close();
  const crash = async (page: Page): Promise<void> => {
    const session = await context.newCDPSession(page);
    const crashed = page.waitForEvent("crash");
    // A crashed page does not answer.
    void session.send("Page.crash").catch(() => undefined);
    await crashed;
  };

  /** Waits until each tab has received every update up to `message`, once and in order. */
  const expectAllHeard = async (message: string): Promise<void> => {
    for (const tab of tabs) {
      await tab.waitForFunction((last) => window.report?.().lastMessage === last, message);
      const { heard, resets } = await report(tab);
      const [first = ""] = heard;
      expect(heard.map(sequenceOf)).toEqual(heard.map((_, index) => sequenceOf(first) + index));
      expect(resets).toBe(0);
    }
  };

  test("load, stay live with one stream and one module, and can post", async () => {
    expect(await streamsOpen()).toBe(1);
    expect(wasmLoads).toBe(1);
    expect(await tabs[3]?.evaluate(() => window.publish?.("from a tab"))).toBeLessThan(300);
    await expectAllHeard("from a tab");
    for (const tab of tabs) expect((await report(tab)).heard).toHaveLength(1);
  });

  test("continue when their owner is closed, and when it crashes, while updates come", async () => {
    await publish("before");
    await expectAllHeard("before");
    for (const [round, end] of [close, crash, close, crash].entries()) {
      const burst = (async () => {
        for (let index = 0; index < 20; ++index) await publish(`${round}.${index}`);
      })();
      await kill(end);
      await burst;
      await expectAllHeard(`${round}.19`);
      for (const tab of tabs) expect((await report(tab)).heard).toHaveLength(1 + 20 * (round + 1));
    }
    await open(2);
    expect(await streamsOpen()).toBe(1);
    await publish("last");
    await expectAllHeard("last");
  });
});
