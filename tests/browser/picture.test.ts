// The picture of the README: the page of a registration during its validation. Each run makes it and checks what it
// shows; `npm run -w tests picture` writes it to docs/images/validation.png. The two are not compared byte by byte,
// since fonts and versions of Chromium draw differently and the page shows times; only their size is.
import { mkdirSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { launchBrowser } from "../processes/browser.ts";
import { Gateway } from "../processes/gateway.ts";

const committed = fileURLToPath(new URL("../../docs/images/validation.png", import.meta.url));
const made = fileURLToPath(new URL("../../build/screenshots/validation.png", import.meta.url));
const size = { width: 1280, height: 666 };

/** Of a PNG: its header's first chunk has them. */
function sizeOf(png: Buffer): { width: number; height: number } {
  expect(png.subarray(1, 4).toString("latin1")).toBe("PNG");
  return { width: png.readUInt32BE(16), height: png.readUInt32BE(20) };
}

describe("the README's picture", () => {
  let browser: Browser;
  let gateway: Gateway;
  let page: Page;

  beforeAll(async () => {
    browser = await launchBrowser();
    // The look-up goes on for as long as the picture takes.
    gateway = await Gateway.start({ more: ["--stage-pace-ms", "50", "--t24-latency-ms", "600000"] });
    page = await browser.newPage({ viewport: size });
    await page.goto(gateway.url("/mobile-banking/registration-requests/42"));
    await page.locator('[data-testid="live-badge"][data-live="true"]').waitFor();
    await page.getByRole("button", { name: "Validate Customer" }).click();
    await page.locator('[data-testid="timeline"] [data-stage="t24_lookup"][data-state="started"]').waitFor();
    await page.mouse.move(0, 0);
  });
  afterAll(async () => {
    await browser.close();
    await gateway.stop("SIGKILL");
  });

  /** Whether all of what a selector names is inside the picture, and not empty. */
  const isInside = async (selector: string): Promise<boolean> => {
    const box = await page.locator(selector).first().boundingBox();
    return (
      box !== null &&
      box.width > 0 &&
      box.height > 0 &&
      box.x >= 0 &&
      box.y >= 0 &&
      box.x + box.width <= size.width &&
      box.y + box.height <= size.height
    );
  };

  test("shows the Live badge, the status and every stage, one of them running", async () => {
    expect(await isInside('[data-testid="live-badge"][data-live="true"]')).toBe(true);
    expect(await isInside('[data-testid="registration-status"][data-status="PENDING"]')).toBe(true);
    const states = { duplicate_check: "completed", t24_lookup: "started", account_validation: "", status_update: "" };
    for (const [stage, state] of Object.entries(states)) {
      const inState = state === "" ? "" : `[data-state="${state}"]`;
      const selector = `[data-testid="timeline"] [data-stage="${stage}"]${inState}`;
      expect(await isInside(selector), stage).toBe(true);
    }
  });

  test("is made, and the committed one has its size", async () => {
    const path = process.env.REGSTREAM_WRITE_PICTURE === undefined ? made : committed;
    mkdirSync(dirname(path), { recursive: true });
    // What moves is shown at its end.
    const picture = await page.screenshot({ path, animations: "disabled" });
    expect(sizeOf(picture)).toEqual(size);
    expect(sizeOf(readFileSync(committed))).toEqual(size);
  });
});
