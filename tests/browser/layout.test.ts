import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";

import { launchBrowser } from "../processes/browser.ts";
import { Gateway } from "../processes/gateway.ts";
import { acceptStream, scriptStreams } from "./scripted_stream.ts";

const listPath = "/mobile-banking/registration-requests";
const noon = 1_702_468_800_000;

/** Cuts a text to so many bytes, at a character. */
function upTo(bytes: number, text: string): string {
  const many = [...text.repeat(Math.ceil(bytes / Buffer.byteLength(text)))];
  let kept = "";
  let size = 0;
  for (const character of many) {
    size += Buffer.byteLength(character);
    if (size > bytes) break;
    kept += character;
  }
  return kept;
}

/**
 * Text that is hard on a layout: without a place to break a line, right-to-left, and with glyphs of several code
 * points.
 */
const scripts = {
  "a word without end": "Wolfeschlegelsteinhausenbergerdorff",
  "text from right to left": "محمد_عبدالرحمن_الإسماعيلي_\u202e",
  "signs of several code points": "👩‍👩‍👧‍👦🏳️‍🌈",
} as const;

/** A registration with every value at its maximum length. A status and a stage have at most 256 bytes. */
function longest(sample: string): object {
  const text = (bytes: number): string => upTo(bytes, sample);
  return {
    id: Number.MAX_SAFE_INTEGER,
    customerName: text(480),
    customerNumber: text(128),
    phone: text(128),
    branch: text(320),
    status: text(256),
    message: text(4_000),
    validating: false,
    submittedAt: noon,
    updatedAt: noon,
    email: text(254),
    nationalId: text(160),
    accounts: [1, 2].map(() => ({ number: text(200), type: text(200), currency: text(200), status: text(200) })),
    details: { [text(200)]: text(2_000), list: [text(300), text(300)], object: { [text(100)]: text(500) } },
    processLog: ["started", "completed", "failed", "skipped"].flatMap((stageStatus) => [
      { stage: text(256), stageStatus, message: text(2_000), timestamp: noon },
      { stage: `${stageStatus}_${text(200)}`, stageStatus, message: text(500), timestamp: noon },
    ]),
    mobileUserId: text(200),
    elixirUserId: text(200),
  };
}

/** The elements that are wider than the window, outside their card, or overlap other text. */
async function faults(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    interface Box {
      readonly left: number;
      readonly right: number;
      readonly top: number;
      readonly bottom: number;
    }
    const intersect = (one: Box, other: Box): Box => ({
      left: Math.max(one.left, other.left),
      right: Math.min(one.right, other.right),
      top: Math.max(one.top, other.top),
      bottom: Math.min(one.bottom, other.bottom),
    });
    const has = (box: Box): boolean => box.right - box.left > 1 && box.bottom - box.top > 1;
    const name = (element: Element): string => `${element.tagName.toLowerCase()}.${element.className}`;

    const found: string[] = [];
    const root = document.documentElement;
    if (root.scrollWidth > root.clientWidth)
      found.push(`the document is ${root.scrollWidth} wide, in ${root.clientWidth}`);

    const lines: { readonly box: Box; readonly of: Text; readonly element: Element }[] = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
      const element = node.parentElement;
      if (
        element === null ||
        node.textContent?.trim() === "" ||
        element.closest(".visually-hidden, .skip-link, noscript, script") !== null
      )
        continue;
      // A part that an ancestor clips is invisible.
      let seen: Box = { left: -Infinity, right: Infinity, top: -Infinity, bottom: Infinity };
      let frame: Element | null = null;
      for (let ancestor: Element | null = element; ancestor !== null; ancestor = ancestor.parentElement) {
        if (getComputedStyle(ancestor).overflow === "hidden") seen = intersect(seen, ancestor.getBoundingClientRect());
        if (
          frame === null &&
          ancestor.matches(".card, .page-header, .filters, .message, .notice, .dialog, .app-bar, .chip, .status-pill")
        )
          frame = ancestor;
      }
      const range = document.createRange();
      range.selectNodeContents(node);
      for (const rect of range.getClientRects()) {
        // Glyphs extend into the lines above and below theirs.
        const inset = (rect.bottom - rect.top) * 0.3;
        const box = intersect(
          { left: rect.left, right: rect.right, top: rect.top + inset, bottom: rect.bottom - inset },
          seen,
        );
        if (!has(box)) continue;
        const around = (frame ?? document.body).getBoundingClientRect();
        if (box.left < around.left - 1 || box.right > around.right + 1)
          found.push(`${name(element)} leaves ${frame === null ? "the page" : name(frame)}`);
        lines.push({ box, of: node as Text, element });
      }
    }
    lines.sort((one, other) => one.box.top - other.box.top);
    for (const [index, one] of lines.entries()) {
      for (const other of lines.slice(index + 1)) {
        if (other.box.top >= one.box.bottom) break;
        if (one.of !== other.of && has(intersect(one.box, other.box)))
          found.push(`${name(one.element)} and ${name(other.element)} overlap`);
      }
    }
    return [...new Set(found)];
  });
}

describe.each(Object.entries(scripts))("the page keeps its layout, whatever it shows: %s", (_name, sample) => {
  let browser: Browser;
  let gateway: Gateway;
  let context: BrowserContext;

  beforeAll(async () => {
    browser = await launchBrowser();
    gateway = await Gateway.start();
  });
  afterAll(async () => {
    await browser.close();
    await gateway.stop("SIGKILL");
  });
  afterEach(() => context.close());

  const show = async (width: number, path: string, registration: object): Promise<Page> => {
    context = await browser.newContext({ viewport: { width, height: 900 } });
    context.setDefaultTimeout(30_000);
    await scriptStreams(context);
    await context.route(/\/api\/registrations/, (route) =>
      route.fulfill({
        json: /\/\d+$/.test(new URL(route.request().url()).pathname)
          ? registration
          : { registrations: [registration, registration] },
      }),
    );
    const page = await context.newPage();
    await page.goto(gateway.url(path));
    return page;
  };

  test.each([320, 768, 1280])("in the list, %i pixels wide", async (width) => {
    const page = await show(width, "/", longest(sample));
    await acceptStream(page);
    await page.locator('[data-testid="registration"]').first().waitFor();
    expect(await faults(page)).toEqual([]);
    await page.getByRole("button", { name: "New request" }).click();
    await page.getByRole("dialog").waitFor();
    expect(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)).toBe(
      0,
    );
  });

  test.each([320, 768, 1280])("on a request's page, %i pixels wide", async (width) => {
    for (const status of [undefined, "FAILED"]) {
      const page = await show(width, `${listPath}/${Number.MAX_SAFE_INTEGER}`, {
        ...longest(sample),
        ...(status === undefined ? {} : { status }),
      });
      await acceptStream(page);
      await page.locator('[data-testid="process-log"]').waitFor();
      expect(await faults(page)).toEqual([]);
      await context.close();
    }
  });

  test("at an address with an invalid number", async () => {
    const page = await show(320, `${listPath}/${encodeURIComponent(upTo(2_000, sample))}`, {});
    await page.getByText("is not a request number").waitFor();
    expect(await faults(page)).toEqual([]);
  });
});

describe("the page with a process log of 10 000 lines", () => {
  test("shows all of it, within the window's width", async () => {
    const browser = await launchBrowser();
    const gateway = await Gateway.start();
    const context = await browser.newContext({ viewport: { width: 320, height: 900 } });
    await scriptStreams(context);
    const entry = { stage: "t24_lookup", stageStatus: "completed", message: "Found 5 accounts", timestamp: noon };
    const registration = { ...longest("x"), processLog: Array.from({ length: 10_000 }, () => entry) };
    await context.route(/\/api\/registrations/, (route) => route.fulfill({ json: registration }));
    const page = await context.newPage();
    await page.goto(gateway.url(`${listPath}/${Number.MAX_SAFE_INTEGER}`));
    await page.locator('[data-testid="process-log"]').waitFor();
    expect(await page.locator(".log-entry").count()).toBe(10_000);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(320);
    await browser.close();
    await gateway.stop("SIGKILL");
  });
});
