import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

import { build } from "esbuild";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";

import { launchBrowser } from "../processes/browser.ts";
import { Gateway } from "../processes/gateway.ts";

const range = (count: number) => Array.from({ length: count }, (_, index) => index + 1);
const rowsOf = (ids: readonly number[]) => ids.map((id) => ({ id }));
const bundled = async (): Promise<string> => {
  const entry = fileURLToPath(new URL("rows_page.ts", import.meta.url));
  const { outputFiles } = await build({ entryPoints: [entry], bundle: true, format: "esm", write: false });
  return outputFiles[0]?.text ?? "";
};

// Over HTTP/1.1 a browser has six connections to a host.
describe("a page of rows, over HTTP/1.1", () => {
  let browser: Browser;
  let gateway: Gateway;
  let context: BrowserContext;
  let page: Page;
  let streams: string[];

  beforeAll(async () => {
    [browser, gateway] = await Promise.all([launchBrowser(), Gateway.start({ hasDemo: false })]);
  });
  afterAll(async () => {
    await browser.close();
    await gateway.stop("SIGKILL");
  });
  beforeEach(async () => {
    const script = await bundled();
    const wasm = await readFile(fileURLToPath(new URL("../../wasm/dist/regstream.wasm", import.meta.url)));
    context = await browser.newContext();
    await context.route("**/rows/", (route) =>
      route.fulfill({ contentType: "text/html", body: `<!doctype html><script type="module" src="page.js"></script>` }),
    );
    await context.route("**/rows/page.js", (route) => route.fulfill({ contentType: "text/javascript", body: script }));
    await context.route("**/regstream.wasm", (route) => route.fulfill({ contentType: "application/wasm", body: wasm }));
    page = await context.newPage();
    streams = [];
    page.on("request", (request) => {
      if (request.resourceType() === "eventsource") streams.push(request.url());
    });
    await page.goto(gateway.url("/rows/"));
    await page.waitForFunction(() => "showRows" in window);
  });
  afterEach(() => context.close());

  const openStreams = async (): Promise<number> => {
    const text = await (await fetch(gateway.url("/metrics"))).text();
    return Number(/^regstream_streams\{[^}]*\} (\d+)$/m.exec(text)?.[1]);
  };
  const untilLive = (count: number) =>
    page.waitForFunction((rows) => document.querySelectorAll('[data-live="true"]').length === rows, count);
  const untilMessage = (id: number, message: string) =>
    page.locator(`[data-row="${id}"][data-message="${message}"]`).waitFor({ state: "attached" });
  const idsOf = (url: string) => new URL(url).searchParams.getAll("registrationId").map(Number);

  test.each([
    [8, 1],
    [150, 2],
  ])("%i rows share %i streams, every row is live, and the page's own requests go through", async (count, expected) => {
    await page.evaluate((rows) => window.showRows(rows), rowsOf(range(count)));
    await untilLive(count);
    expect(await openStreams()).toBe(expected);
    expect(streams).toHaveLength(expected);
    expect(streams.flatMap(idsOf)).toEqual(range(count));
    for (const id of [1, 8, count]) {
      const message = `to ${id} of ${count}`;
      expect(await page.evaluate(([one, text]) => window.post(one, text), [id, message] as const)).toBe(201);
      await untilMessage(id, message);
    }
  });

  test("rows come and go: the others stay live, and a new one shows its view", async () => {
    await page.evaluate((rows) => window.showRows(rows), rowsOf([1, 2]));
    await untilLive(2);
    expect(await page.evaluate(() => window.post(3, "before"))).toBe(201);
    await page.evaluate((rows) => window.showRows(rows), rowsOf([2, 3]));
    await untilMessage(3, "before");
    await untilLive(2);
    expect(idsOf(streams.at(-1) ?? "")).toEqual([2, 3]);
    expect(await page.evaluate(() => window.post(2, "after"))).toBe(201);
    await untilMessage(2, "after");
    await expect.poll(openStreams).toBe(1);
    await page.evaluate(() => window.showRows([]));
    await expect.poll(openStreams).toBe(0);
  });

  test("rows with streams of their own take all connections, and the page's requests wait", async () => {
    const own = range(8).map((id) => ({ id, url: `/api/registrations/updates/stream?row=${id}` }));
    await page.evaluate((rows) => window.showRows(rows), own);
    await untilLive(6);
    await page.evaluate(() => {
      void window.post(1, "late").then((status) => (document.title = `answered ${status}`));
    });
    const response = await fetch(gateway.url("/api/registrations/1/updates"), {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ status: "OPEN", message: "from elsewhere" }),
    });
    expect(response.status).toBe(201);
    await untilMessage(1, "from elsewhere");
    expect(await page.title()).toBe("");
    await page.evaluate(() => window.showRows([]));
    await page.waitForFunction(() => document.title === "answered 201");
  });
});
