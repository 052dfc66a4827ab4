import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";

import axe, { type AxeResults } from "axe-core";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";

import { launchBrowser } from "../processes/browser.ts";
import { Gateway } from "../processes/gateway.ts";
import { acceptStream, scriptStreams, sendOnStream } from "./scripted_stream.ts";

declare global {
  interface Window {
    readonly axe: { run(): Promise<AxeResults> };
  }
}

const listPath = "/mobile-banking/registration-requests";
const noon = 1_702_468_800_000;
const screenshots = fileURLToPath(new URL("../../build/screenshots", import.meta.url));

const logged = (stage: string, stageStatus: string, message: string, seconds: number): object => ({
  stage,
  stageStatus,
  message,
  timestamp: noon + 1000 * seconds,
});

const registration = {
  id: 42,
  customerName: "Hana Tesfaye",
  customerNumber: "1000234567",
  phone: "+251 900 000 142",
  branch: "Bole",
  status: "PENDING",
  message: null,
  validating: false,
  submittedAt: noon,
  updatedAt: noon,
  email: "hana.tesfaye-woldegiorgis@example.com",
  nationalId: "ID-179-4420-42",
  accounts: [],
  details: null,
  processLog: [],
  mobileUserId: null,
  elixirUserId: null,
};

const approved = {
  ...registration,
  status: "APPROVED",
  message: "Customer validated successfully",
  accounts: [{ number: "1000234567001", type: "Savings", currency: "ETB", status: "Active" }],
  details: { accountsFound: 1 },
  processLog: [
    logged("duplicate_check", "started", "Checking for duplicates", 0),
    logged("duplicate_check", "completed", "No duplicate found", 1),
    logged("t24_lookup", "completed", "Found 1 account", 3),
  ],
};

const failed = {
  ...approved,
  status: "FAILED",
  message: "Core banking did not answer",
  accounts: [],
  processLog: [logged("t24_lookup", "failed", "Core banking did not answer", 3)],
};

const statuses = ["PENDING", "APPROVED", "DUPLICATE", "FAILED", "COMPLETED", "ON_HOLD"];

const update = (members: object): object => ({
  type: "update",
  data: { registrationId: 42, status: "PENDING", timestamp: noon, ...members },
});

/** The program serves the page; its backend and its stream are the test's. */
describe.each(["light", "dark"] as const)("axe finds nothing, in %s colours", (colorScheme) => {
  let browser: Browser;
  let gateway: Gateway;
  let context: BrowserContext;
  let page: Page;
  /** What the backend answers to each path; without an entry it can't be reached. */
  let answers: Map<string, { readonly status?: number; readonly json: unknown }>;

  beforeAll(async () => {
    mkdirSync(screenshots, { recursive: true });
    browser = await launchBrowser();
    gateway = await Gateway.start();
  });
  afterAll(async () => {
    await browser.close();
    await gateway.stop("SIGKILL");
  });
  beforeEach(async () => {
    answers = new Map();
    // Nothing is caught between two colours.
    context = await browser.newContext({ colorScheme, reducedMotion: "reduce" });
    context.setDefaultTimeout(30_000);
    await scriptStreams(context);
    await context.route(/\/api\/registrations/, async (route) => {
      const answer = answers.get(`${route.request().method()} ${new URL(route.request().url()).pathname}`);
      await (answer === undefined ? route.abort() : route.fulfill(answer));
    });
    page = await context.newPage();
  });
  afterEach(() => context.close());

  const open = async (path: string): Promise<void> => {
    await page.goto(gateway.url(path));
    await acceptStream(page);
    await page.locator('[data-testid="live-badge"][data-live="true"]').waitFor();
  };
  const openDetail = async (value: object): Promise<void> => {
    answers.set("GET /api/registrations/42", { json: value });
    await open(`${listPath}/42`);
    await page.getByRole("heading", { name: "Hana Tesfaye" }).waitFor();
  };
  const openList = async (): Promise<void> => {
    const registrations = statuses.map((status, index) => ({
      ...registration,
      id: 42 + index,
      status,
      message: "A message",
      validating: status === "ON_HOLD",
    }));
    answers.set("GET /api/registrations", { json: { registrations, hasMore: true } });
    await open("/");
    await page.locator('[data-testid="registration"]').first().waitFor();
  };
  /** On a phone and on a desktop. */
  const check = async (name: string): Promise<void> => {
    for (const [device, width, height] of [
      ["phone", 390, 844],
      ["desktop", 1280, 900],
    ] as const) {
      await page.setViewportSize({ width, height });
      await page.screenshot({ path: `${screenshots}/${name}_${device}_${colorScheme}.png`, fullPage: true });
      // Evaluated by the debugger, which the page's content security policy does not bind.
      await page.evaluate(axe.source);
      const { violations, passes } = await page.evaluate(() => window.axe.run());
      const faults = violations.flatMap(({ id, nodes }) =>
        nodes.map(({ target, any }) => [id, target, any[0]?.message]),
      );
      expect(faults, `${name}, ${device}`).toEqual([]);
      expect(passes.length).toBeGreaterThan(20);
    }
  };

  test("in the list", async () => {
    await openList();
    await check("a11y_list");
  });

  test("in a list whose search matches nothing", async () => {
    await openList();
    await page.getByRole("searchbox").fill("nobody");
    await page.getByRole("heading", { name: "No request matches" }).waitFor();
    await check("a11y_no_match");
  });

  test("in the dialog, empty and with what the server refuses", async () => {
    await openList();
    await page.getByRole("button", { name: "New request" }).click();
    await page.getByRole("dialog").waitFor();
    await check("a11y_dialog");
    answers.set("POST /api/registrations", {
      status: 400,
      json: { detail: "phone must not be empty; email must look like name@example.com; the body is odd." },
    });
    await page.getByRole("button", { name: "Create request" }).click();
    await page.locator("[aria-invalid=true]").first().waitFor();
    await check("a11y_dialog_refused");
  });

  test("on the page of a request that was not validated yet", async () => {
    await openDetail(registration);
    await check("a11y_detail");
  });

  test("while a validation runs, also where another operator has started it", async () => {
    await openDetail(registration);
    answers.set("POST /api/registrations/42/process", {
      status: 409,
      json: { detail: "A validation of registration 42 is running." },
    });
    answers.set("GET /api/registrations/42", { json: { ...registration, validating: true } });
    await page.getByRole("button", { name: "Validate Customer" }).click();
    await sendOnStream(
      page,
      update({ stage: "duplicate_check", stageStatus: "started", message: "Checking for duplicates" }),
      update({ stage: "duplicate_check", stageStatus: "completed", message: "No duplicate found" }),
      update({ stage: "t24_lookup", stageStatus: "started", message: "Looking up the customer" }),
    );
    await page.getByText("Another operator has started this validation").waitFor();
    const progress = page.getByRole("progressbar", { name: "Stage 2 of 4: Core banking look-up (T24)" });
    await progress.waitFor();
    expect(await progress.getAttribute("aria-valuetext")).toBe("Stage 2 of 4, 1 done");
    expect(await page.locator('[data-testid="process-log"] li').count()).toBe(3);
    await check("a11y_running");
  });

  test("on the page of a validated request, and of one that failed", async () => {
    await openDetail(approved);
    await check("a11y_approved");
    await openDetail(failed);
    await check("a11y_failed");
  });

  test("where nothing could be loaded, and where there is nothing", async () => {
    await page.goto(gateway.url("/"));
    await page.getByRole("heading", { name: "Requests could not be loaded" }).waitFor();
    await check("a11y_unreachable");
    answers.set("GET /api/registrations/42", { status: 404, json: { title: "Not found" } });
    await page.goto(gateway.url(`${listPath}/42`));
    await page.getByRole("heading", { name: "Request not found" }).waitFor();
    await check("a11y_not_found");
  });

  test("where a request could not be loaded again, and the validation was not started", async () => {
    await openDetail(registration);
    answers.clear();
    await page.getByRole("button", { name: "Validate Customer" }).click();
    await page.getByText("The validation was not started.").waitFor();
    await check("a11y_not_started");
  });

  test("and it would find a text that can't be read", async () => {
    await openDetail(registration);
    await page.evaluate(() => {
      for (const text of document.querySelectorAll("dt"))
        text.style.color = getComputedStyle(document.body).backgroundColor;
    });
    await page.evaluate(axe.source);
    const { violations } = await page.evaluate(() => window.axe.run());
    expect(violations.map(({ id }) => id)).toEqual(["color-contrast"]);
  });

  test.each([
    [390, 1],
    [320, 2],
  ])("a mail address %i pixels wide has %i lines, and breaks before its @ alone", async (width, lines) => {
    await page.setViewportSize({ width, height: 844 });
    await openDetail(registration);
    const tops = await page.getByText(registration.email).evaluate((value) =>
      [...value.childNodes].flatMap((part) => {
        const range = document.createRange();
        range.selectNodeContents(part);
        return part.nodeType === Node.TEXT_NODE ? [[...range.getClientRects()].map(({ top }) => top)] : [];
      }),
    );
    expect(tops.map(({ length }) => length)).toEqual([1, 1]);
    expect(new Set(tops.flat()).size).toBe(lines);
  });
});
