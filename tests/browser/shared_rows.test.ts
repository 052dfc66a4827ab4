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

const streamPath = "/api/registrations/updates/stream";

/**
 * A page that the gateway serves. The code that shares the stream is a file of its own, as a bundler makes of an
 * `import()`.
 */
async function bundlePage(): Promise<string> {
  const folder = temporaryFolder();
  const entryPoints = { page: fileURLToPath(new URL("shared_rows_page.ts", import.meta.url)) };
  await build({ entryPoints, bundle: true, splitting: true, format: "esm", outdir: folder, logLevel: "error" });
  await writeFile(
    join(folder, "index.html"),
    '<!doctype html><body></body><script type="module" src="/page.js"></script>',
  );
  await copyFile(createRequire(import.meta.url).resolve("regstream/regstream.wasm"), join(folder, "regstream.wasm"));
  return folder;
}

describe("tabs of a React page whose provider shares across tabs", () => {
  let browser: Browser;
  let gateway: Gateway;
  let context: BrowserContext;
  let folder: string;
  /** The tabs that have requested a stream, in order. */
  let owners: Page[];

  beforeAll(async () => {
    [browser, folder] = await Promise.all([launchBrowser(), bundlePage()]);
  });
  afterAll(() => browser.close());
  beforeEach(async () => {
    const database = join(temporaryFolder(), "demo.sqlite");
    const more = ["--demo", "--database", database, "--page", folder, "--publish-route", "on"];
    gateway = await Gateway.start({ hasDemo: false, more });
    context = await browser.newContext();
    owners = [];
  });
  afterEach(async () => {
    await context.close();
    await gateway.stop("SIGKILL");
  });

  /** Opens a tab with live rows of `ids`. */
  const open = async (...ids: readonly number[]): Promise<Page> => {
    const page = await context.newPage();
    page.on("request", (request) => {
      if (new URL(request.url()).pathname === streamPath) owners.push(page);
    });
    await page.goto(gateway.url(`/?${ids.map((id) => `id=${id}`).join("&")}`));
    await untilLive(page, ids.length);
    return page;
  };
  const untilLive = (page: Page, count: number) =>
    page.waitForFunction((rows) => document.querySelectorAll('[data-live="true"]').length === rows, count);
  const untilMessage = (page: Page, id: number, message: string) =>
    page.locator(`[data-row="${id}"]`, { hasText: message }).waitFor();
  const heardBy = (page: Page) => page.evaluate(() => window.heard);
  const attributesOf = (page: Page, name: string) =>
    page.locator("[data-row]").evaluateAll((rows, attribute) => rows.map((row) => row.getAttribute(attribute)), name);

  const streamsOpen = async (): Promise<number> => {
    const text = await (await fetch(gateway.url("/metrics"))).text();
    const lines = [...text.matchAll(/^regstream_streams(?:\{[^}]*\})? (\d+)$/gm)];
    return lines.reduce((sum, [, count]) => sum + Number(count), 0);
  };
  const publish = async (id: number, message: string): Promise<void> => {
    const body = JSON.stringify({ status: "PENDING", message });
    const headers = { "Content-Type": "application/json" };
    const { status } = await fetch(gateway.url(`/api/registrations/${id}/updates`), { method: "POST", headers, body });
    expect(status).toBe(201);
  };

  test("show their own rows by one stream, and another tab takes over when the owner is closed", async () => {
    const first = await open(41, 42);
    const second = await open(42, 43);
    await expect.poll(streamsOpen).toBe(1);
    expect(new Set(owners)).toEqual(new Set([first]));
    expect(await attributesOf(second, "data-transport")).toEqual(["eventsource", "eventsource"]);

    for (const [id, message] of [
      [41, "to one"],
      [42, "to both"],
      [43, "to the other"],
    ] as const)
      await publish(id, message);
    await untilMessage(first, 41, "to one");
    await untilMessage(first, 42, "to both");
    await untilMessage(second, 42, "to both");
    await untilMessage(second, 43, "to the other");
    expect(await heardBy(first)).toEqual(["to one", "to both"]);
    expect(await heardBy(second)).toEqual(["to both", "to the other"]);

    await first.close();
    await publish(43, "while nobody had the stream, or just then");
    await untilMessage(second, 43, "while nobody had the stream, or just then");
    await untilLive(second, 2);
    await publish(42, "behind it");
    await untilMessage(second, 42, "behind it");
    expect(await heardBy(second)).toEqual([
      "to both",
      "to the other",
      "while nobody had the stream, or just then",
      "behind it",
    ]);
    expect(await attributesOf(second, "data-resets")).toEqual(["0", "0"]);
    await expect.poll(streamsOpen).toBe(1);
    expect(owners.at(-1)).toBe(second);
  });
});
