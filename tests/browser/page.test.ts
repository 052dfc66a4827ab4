import type { Browser, BrowserContext, Page, Route } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";

import { launchBrowser } from "../processes/browser.ts";
import { Gateway } from "../processes/gateway.ts";
import { acceptStream, scriptStreams, sendOnStream } from "./scripted_stream.ts";

const listPath = "/mobile-banking/registration-requests";
const noon = 1_702_468_800_000;

interface Summary {
  readonly id: number;
  readonly [field: string]: unknown;
}

const summary = (id: number, more: object = {}): Summary => ({
  id,
  customerName: `Customer ${id}`,
  customerNumber: `1000${id}`,
  phone: "+251911234567",
  branch: "Bole",
  status: "PENDING",
  message: null,
  validating: false,
  submittedAt: noon,
  updatedAt: noon,
  email: null,
  nationalId: "ET-778",
  accounts: [],
  details: null,
  processLog: [],
  mobileUserId: null,
  elixirUserId: null,
  ...more,
});

const update = (registrationId: number, more: object = {}): object => ({
  type: "update",
  data: { registrationId, status: "PENDING", timestamp: noon, ...more },
});
const reset = { type: "reset", timestamp: noon };

/** A promise that the test settles. */
function createGate(): { readonly opened: Promise<void>; open: () => void } {
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

// The program serves the page. The test plays its backend and its stream, and so decides what happens when.
describe("the page, with a backend and a stream that the test plays", () => {
  let browser: Browser;
  let gateway: Gateway;
  let context: BrowserContext;
  let page: Page;
  let registrations: Summary[];
  let listLoads: number;
  /** What an answer waits for, read when the request comes. */
  let answers: Promise<void>;

  beforeAll(async () => {
    browser = await launchBrowser();
    gateway = await Gateway.start();
  });
  afterAll(async () => {
    await browser.close();
    await gateway.stop("SIGKILL");
  });
  beforeEach(async () => {
    registrations = [summary(42)];
    listLoads = 0;
    answers = Promise.resolve();
    context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
    context.setDefaultTimeout(30_000);
    await scriptStreams(context);
    await context.route(/\/api\/registrations/, answer);
    page = await context.newPage();
  });
  afterEach(() => context.close());

  const answer = async (route: Route): Promise<void> => {
    const { pathname } = new URL(route.request().url());
    const id = /\/(\d+)$/.exec(pathname)?.[1];
    if (id === undefined && route.request().method() === "GET") listLoads += 1;
    // The current state: a slow backend has read its database before it answers.
    const json =
      route.request().method() === "POST"
        ? summary(77)
        : id === undefined
          ? { registrations }
          : registrations.find((one) => one.id === Number(id));
    await answers;
    // In some of these tests the page no longer waits for the answer.
    await route.fulfill({ json, status: route.request().method() === "POST" ? 201 : 200 }).catch(() => {});
  };
  const open = async (path: string): Promise<void> => {
    await page.goto(gateway.url(path));
    await acceptStream(page);
    await page.locator('[data-testid="live-badge"][data-live="true"]').waitFor();
  };
  const row = (id: number) => page.locator(`[data-testid="registration"][data-registration-id="${id}"]`);

  test("a reset on an open stream reloads the request, which then counts", async () => {
    const account = { number: "1000234567", type: "Savings", currency: "ETB", status: "Active" };
    registrations = [summary(42, { accounts: [account, { ...account, currency: "USD" }] })];
    await open(`${listPath}/42`);
    await sendOnStream(page, update(42, { stage: "t24_lookup", stageStatus: "started", message: "Looking up" }));
    await page.locator('[data-stage="t24_lookup"][data-state="started"]').waitFor();

    // The end was published while the server could not receive it.
    const dollars = { ...account, currency: "USD" };
    registrations = [summary(42, { status: "APPROVED", accounts: [{ ...account, number: "1" }, account, dollars] })];
    await sendOnStream(page, reset);
    await page.locator('[data-testid="registration-status"][data-status="APPROVED"]').waitFor();
    await page.locator('[data-testid="account"]').nth(2).waitFor();
    expect(await page.locator('[data-testid="account"]').allInnerTexts()).toHaveLength(3);
    expect(await page.locator('[data-testid="live-badge"]').getAttribute("data-live")).toBe("true");

    // The stream delivers again, for another validation.
    await sendOnStream(page, update(42, { stage: "duplicate_check", stageStatus: "started", timestamp: noon + 1 }));
    await page.locator('[data-stage="duplicate_check"][data-state="started"]').waitFor();
  });

  test("progress stays visible from a reset until the request is loaded", async () => {
    await open(`${listPath}/42`);
    await sendOnStream(page, update(42, { stage: "t24_lookup", stageStatus: "started", message: "Looking up" }));
    const running = page.locator('[data-stage="t24_lookup"][data-state="started"]');
    await running.waitFor();
    await page.waitForLoadState("networkidle");

    const gate = createGate();
    answers = gate.opened;
    registrations = [summary(42, { status: "FAILED", message: "No answer" })];
    await Promise.all([page.waitForRequest(/\/api\/registrations\/42$/), sendOnStream(page, reset)]);
    expect(await running.count()).toBe(1);
    gate.open();
    await page.locator('[data-testid="registration-status"][data-status="FAILED"]').waitFor();
  });

  test("a reset on an open stream reloads the list", async () => {
    await open("/");
    await row(42).waitFor();
    registrations = [summary(42, { status: "DUPLICATE" })];
    await sendOnStream(page, reset);
    await page.locator('[data-registration-id="42"][data-status="DUPLICATE"]').waitFor();
  });

  test("the open list shows an unknown request, with one load at a time", async () => {
    await open("/");
    await row(42).waitFor();
    await page.waitForLoadState("networkidle");
    const gate = createGate();
    answers = gate.opened;
    const before = listLoads;
    await Promise.all([page.waitForRequest(/\/api\/registrations$/), sendOnStream(page, update(77), update(78))]);
    registrations = [summary(79), summary(78), summary(77), summary(42)];
    await sendOnStream(page, update(79), update(79), update(42));
    gate.open();
    for (const id of [77, 78, 79]) await row(id).waitFor();
    expect(listLoads).toBe(before + 2);
  });

  test("says that live updates are off if the module can't be loaded, and reconnects on request", async () => {
    // No timer fires by itself.
    await page.clock.install({ time: noon });
    await page.clock.pauseAt(noon + 3_600_000);
    await page.route(/\.wasm$/, (route) => route.fulfill({ status: 503 }));
    await page.goto(gateway.url("/"));
    await page.getByText(/^Live updates are off\. .*regstream.*\.wasm.* 503/).waitFor();
    await page.unroute(/\.wasm$/);
    await page.getByRole("button", { name: "Reconnect" }).click();
    await acceptStream(page);
    await page.locator('[data-testid="live-badge"][data-live="true"]').waitFor();
    expect(await page.getByText("Live updates are off").count()).toBe(0);
  });

  test("a new request that is being sent can't be cancelled, and leads to its page", async () => {
    await open("/");
    await page.getByRole("button", { name: "New request" }).click();
    const gate = createGate();
    answers = gate.opened;
    await Promise.all([
      page.waitForRequest((request) => request.method() === "POST"),
      page.getByRole("button", { name: "Create request" }).click(),
    ]);
    expect(await page.getByRole("button", { name: "Cancel" }).isDisabled()).toBe(true);
    await page.keyboard.press("Escape");
    expect(await page.getByRole("dialog").isVisible()).toBe(true);
    registrations = [summary(77), summary(42)];
    gate.open();
    await page.waitForURL(`**${listPath}/77`);
  });

  test("a dialog that the browser closes leads nowhere", async () => {
    await open("/");
    await page.getByRole("button", { name: "New request" }).click();
    const gate = createGate();
    answers = gate.opened;
    await Promise.all([
      page.waitForRequest((request) => request.method() === "POST"),
      page.getByRole("button", { name: "Create request" }).click(),
    ]);
    const ended = Promise.race([page.waitForEvent("requestfailed"), page.waitForEvent("requestfinished")]);
    await page.locator("dialog").evaluate((dialog: HTMLDialogElement) => dialog.close());
    await page.locator("dialog").waitFor({ state: "detached" });
    gate.open();
    await ended;
    await page.evaluate(() => new Promise(requestAnimationFrame));
    expect(new URL(page.url()).pathname).toBe("/");
  });

  test("a dialog that was not sent closes by Escape and by Cancel, and opens again", async () => {
    await open("/");
    for (const close of [
      () => page.keyboard.press("Escape"),
      () => page.getByRole("button", { name: "Cancel" }).click(),
    ]) {
      await page.getByRole("button", { name: "New request" }).click();
      await page.locator("dialog[open]").waitFor();
      await close();
      await page.locator("dialog").waitFor({ state: "detached" });
    }
  });

  test("the search is restored after going back, even if a request was opened right after typing", async () => {
    registrations = [summary(42), summary(43)];
    await open("/");
    await page.getByRole("searchbox").fill("customer 43");
    await row(42).waitFor({ state: "detached" });
    await row(43).getByRole("link").click();
    await page.waitForURL(`**${listPath}/43`);
    await page.goBack();
    await row(43).waitFor();
    expect(await page.getByRole("searchbox").inputValue()).toBe("customer 43");
    expect(await row(42).count()).toBe(0);
  });

  test("a long message takes two lines in the list", async () => {
    registrations = [summary(42, { status: "FAILED", message: "Core banking gave no answer. ".repeat(40) })];
    await open("/");
    const [shown, whole] = await row(42)
      .locator(".cell-message")
      .evaluate((note) => [note.clientHeight, note.scrollHeight] as const);
    expect(whole).toBeGreaterThan(shown);
    expect(shown).toBeLessThan(60);
  });
});
