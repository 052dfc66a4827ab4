import { cpSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import type { Browser } from "playwright-core";
import { build } from "vite";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { launchBrowser } from "../processes/browser.ts";
import { Gateway } from "../processes/gateway.ts";
import { temporaryFolder } from "../processes/temporary_folder.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

async function bundle(name: string): Promise<string> {
  const outDir = temporaryFolder();
  await build({ root: join(root, "examples", name), build: { outDir, emptyOutDir: true }, logLevel: "warn" });
  return outDir;
}

/** As examples/README.md has it. */
function copyPlainPage(): Promise<string> {
  const folder = temporaryFolder();
  cpSync(join(root, "examples/page"), folder, { recursive: true });
  cpSync(join(root, "wasm/dist"), join(folder, "regstream"), { recursive: true });
  return Promise.resolve(folder);
}

describe("the pages among the examples, in Chromium", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(async () => {
    await browser.close();
  });

  test.each([
    ["React", () => bundle("react")],
    ["Vue", () => bundle("vue")],
    ["a plain page", copyPlainPage],
  ])("%s: is live, and shows each update", async (_name, makeFolder) => {
    const demo = ["--demo", "--database", join(temporaryFolder(), "demo.sqlite"), "--page", await makeFolder()];
    const gateway = await Gateway.start({ hasDemo: false, more: demo });
    const page = await browser.newPage();
    page.setDefaultTimeout(30_000);
    await page.goto(gateway.url("/"));
    await page.getByText(/^Live$/).waitFor();
    const response = await fetch(gateway.url("/api/registrations/42/updates"), {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ stage: "t24_lookup", stageStatus: "completed", message: "Found 5 accounts" }),
    });
    expect(response.status).toBe(201);
    await page.getByText("Found 5 accounts").waitFor();
    await page.getByText("t24_lookup: completed").waitFor();
    await page.close();
    await gateway.stop("SIGKILL");
  });
});
