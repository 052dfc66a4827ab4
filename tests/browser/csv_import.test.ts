import { readFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";

import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { preview, type PreviewServer } from "vite";

import { launchBrowser } from "../processes/browser.ts";
import { Child } from "../processes/child.ts";
import { Gateway } from "../processes/gateway.ts";

const example = fileURLToPath(new URL("../../examples/csv-import/", import.meta.url));
const declaration = `${example}workflow.json`;
const stages = (JSON.parse(readFileSync(declaration, "utf8")) as { stages: { name: string; title: string }[] }).stages;

/** An id that a URL, a JSON text and a page each encode differently. */
const importId = 'Kunden & "Märkte" 2026/07.csv';

describe("the page of the CSV import", () => {
  let browser: Browser;
  let gateway: Gateway;
  let pages: PreviewServer;

  beforeAll(async () => {
    browser = await launchBrowser();
    gateway = await Gateway.start({ hasDemo: false, more: ["--workflow", declaration] });
    pages = await preview({
      root: example,
      logLevel: "warn",
      preview: { port: 0, host: "127.0.0.1", proxy: { "/api": gateway.url("") } },
    });
  });
  afterAll(async () => {
    await browser.close();
    await new Promise((resolve) => pages.httpServer.close(resolve));
    await gateway.stop("SIGKILL");
  });

  async function open(id: string): Promise<Page> {
    const page = await browser.newPage({ viewport: { width: 1000, height: 800 } });
    page.setDefaultTimeout(30_000);
    const { port } = pages.httpServer.address() as AddressInfo;
    await page.goto(`http://127.0.0.1:${port}/?id=${encodeURIComponent(id)}`);
    await page.locator("#badge", { hasText: /^Live$/ }).waitFor();
    return page;
  }

  async function publish(id: string, update: object): Promise<void> {
    const response = await fetch(gateway.url(`/api/imports/${encodeURIComponent(id)}/updates`), {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(update),
    });
    expect(response.status, await response.text()).toBe(201);
  }

  /** Runs the example's own program to its end. */
  async function runImport(...args: readonly string[]): Promise<void> {
    const child = new Child(process.execPath, [`${example}import.mjs`, ...args], {
      GATEWAY: gateway.url(""),
      PACE_MS: "0",
    });
    expect(await child.exited, child.log).toBe(0);
  }

  const stageTexts = (page: Page): Promise<string[]> => page.locator("#stages li").allTextContents();

  test("shows the declared stages as they run, then the outcome; a late page sees the same", async () => {
    const page = await open(importId);
    expect(await stageTexts(page)).toEqual(stages.map(({ title }) => `${title}waiting`));
    expect(await page.locator("#count").textContent()).toBe(`0 of ${stages.length}`);

    const [{ name: stage, title } = { name: "", title: "" }] = stages;
    await publish(importId, { stage, stageStatus: "started", message: "Receiving 3 MB" });
    await page.locator("#message", { hasText: "Receiving 3 MB" }).waitFor();
    expect((await stageTexts(page))[0]).toBe(`${title}started`);
    await publish(importId, { stage, stageStatus: "completed", message: "Received" });
    await page.locator("#count", { hasText: `1 of ${stages.length}` }).waitFor();

    await runImport(importId);
    await page.locator("#status", { hasText: /^Imported$/ }).waitFor();
    expect(await page.locator("#count").textContent()).toBe(`${stages.length} of ${stages.length}`);
    expect(await stageTexts(page)).toEqual(stages.map((one) => `${one.title}completed`));

    const late = await open(importId);
    await late.locator("#status", { hasText: /^Imported$/ }).waitFor();
    expect(await stageTexts(late)).toEqual(await stageTexts(page));
    await Promise.all([page.close(), late.close()]);
  });

  test("shows where an import has failed, and nothing about another import", async () => {
    const page = await open("broken.csv");
    const other = await open("other.csv");
    await runImport("broken.csv", "--fail");
    await page.locator("#status", { hasText: /^Rejected$/ }).waitFor();
    expect(await page.locator('#stages li[data-state="failed"]').allTextContents()).toEqual([
      "Check the referencesfailed",
    ]);
    expect(await other.locator("#status").textContent()).toBe("Nothing is known of it yet");
    await Promise.all([page.close(), other.close()]);
  });
});
