import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";

import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";

import { launchBrowser } from "../processes/browser.ts";
import { Gateway } from "../processes/gateway.ts";
import { channel, RedisServer } from "../processes/redis.ts";

const detailPath = "/mobile-banking/registration-requests/42";
const stages = ["duplicate_check", "t24_lookup", "account_validation", "status_update"];
const screenshots = fileURLToPath(new URL("../../build/screenshots", import.meta.url));
// The look-up lasts long enough to be seen on a loaded machine; the rest is quick.
const pace = ["--stage-pace-ms", "50", "--t24-latency-ms", "2500", "--job-interval-ms", "3600000"];

describe("the page in Chromium", () => {
  let browser: Browser;
  let context: BrowserContext;
  let gateway: Gateway;
  let complaints: string[];

  beforeAll(async () => {
    mkdirSync(screenshots, { recursive: true });
    browser = await launchBrowser();
  });
  afterAll(() => browser.close());
  beforeEach(async () => {
    gateway = await Gateway.start({ more: pace });
    context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
    context.setDefaultTimeout(30_000);
    complaints = [];
    context.on("weberror", (error) => complaints.push(String(error.error())));
    context.on("console", (message) => {
      if (message.type() === "error") complaints.push(message.text());
    });
  });
  afterEach(async () => {
    await context.close();
    await gateway.stop("SIGKILL");
  });

  const open = async (path: string): Promise<Page> => {
    const page = await context.newPage();
    await page.goto(gateway.url(path));
    return page;
  };
  /** For people to look at. A background tab paints nothing, so this one comes to the front. */
  const photograph = async (page: Page, name: string): Promise<void> => {
    await page.bringToFront();
    await page.screenshot({ path: `${screenshots}/${name}.png`, fullPage: true });
  };
  const live = (page: Page, value: boolean): Promise<void> =>
    page.locator(`[data-testid="live-badge"][data-live="${value}"]`).waitFor();
  const stage = (page: Page, name: string, state: string): Promise<void> =>
    page.locator(`[data-testid="timeline"] [data-stage="${name}"][data-state="${state}"]`).waitFor();
  const status = (page: Page, value: string): Promise<void> =>
    page.locator(`[data-testid="registration-status"][data-status="${value}"]`).waitFor();

  test("a validation started in one tab appears in that tab and in another, up to its outcome", async () => {
    const presser = await open("/");
    await presser.getByRole("link", { name: /42/ }).first().click();
    await presser.waitForURL(`**${detailPath}`);
    await live(presser, true);
    await photograph(presser, "before");
    const watcher = await open(detailPath);
    await live(watcher, true);

    // Both wait before the button is pressed, so that a slow machine misses no intermediate state.
    await Promise.all([
      stage(presser, "t24_lookup", "started"),
      stage(watcher, "t24_lookup", "started"),
      presser.getByRole("button", { name: "Validate Customer" }).click(),
    ]);
    await Promise.all([stage(presser, "duplicate_check", "completed"), stage(watcher, "duplicate_check", "completed")]);
    await photograph(watcher, "running");
    for (const page of [presser, watcher]) {
      for (const name of stages) await stage(page, name, "completed");
      await status(page, "APPROVED");
    }

    for (const page of [presser, watcher]) {
      await page.locator('[data-testid="account"]').nth(4).waitFor();
      expect(await page.locator('[data-testid="account"]').count()).toBe(5);
      await page.locator('[data-testid="process-log"]').getByText("Found 5 accounts").first().waitFor();
    }
    await photograph(presser, "approved");
    expect(complaints).toEqual([]);
  });

  test("of two operators who press at once the second sees that it runs already, and the same progress", async () => {
    const [first, second] = [await open(detailPath), await open(detailPath)];
    await Promise.all([live(first, true), live(second, true)]);
    // Both have pressed before either has an answer; the second one's request arrives behind the first one's.
    let answerFirst = (): void => {};
    const isFirstAnswered = new Promise<void>((resolve) => (answerFirst = resolve));
    await second.route("**/process", async (route) => {
      await isFirstAnswered;
      await route.continue();
    });
    const press = async (page: Page): Promise<number> => {
      const answer = page.waitForResponse((response) => response.url().endsWith("/process"));
      await page.getByRole("button", { name: "Validate Customer" }).click();
      return (await answer).status();
    };
    // All of this is waited for before anybody presses, since it passes.
    const note = second.getByRole("status").filter({ hasText: "Another operator has started this validation" });
    const isSeen = Promise.all([
      note.waitFor(),
      ...[first, second].flatMap((page) => [
        page.getByRole("progressbar", { name: /^Stage 2 of 4/ }).waitFor(),
        // The log has three lines by then, and no more.
        page.locator('[data-testid="process-log"] li:nth-child(3):last-child').waitFor(),
      ]),
    ]);
    const isSecondPressed = second.waitForRequest("**/process");
    const secondStatus = press(second);
    await isSecondPressed;
    const firstStatus = press(first).finally(answerFirst);
    expect(await Promise.all([firstStatus, secondStatus])).toEqual([202, 409]);
    await isSeen;

    for (const page of [first, second]) await status(page, "APPROVED");
    await note.waitFor({ state: "detached" });
    expect(await second.getByRole("progressbar").count()).toBe(0);
    expect(await second.getByText("The validation was not started").count()).toBe(0);
    // The browser itself complains about each answer of 409.
    expect(complaints).toEqual([expect.stringContaining("409 (Conflict)")]);
  });

  test("updates of any publisher on Redis appear in two tabs, each stage at once", async () => {
    const redis = await RedisServer.start();
    const client = redis.connect();
    await gateway.stop();
    gateway = await Gateway.start({ redis: redis.address, more: pace });
    const tabs = [await open(detailPath), await open(detailPath)];
    for (const tab of tabs) await live(tab, true);

    const say = (update: Record<string, unknown>): Promise<number> =>
      client.publish(
        channel,
        JSON.stringify({ registrationId: 42, status: "PENDING", timestamp: Date.now(), ...update }),
      );
    for (const name of [...stages, "sanctions_screening"]) {
      await say({ stage: name, message: `${name} started` });
      for (const tab of tabs) await stage(tab, name, "started");
      await say({ stage: name, message: `${name} is through` });
      for (const tab of tabs) {
        await stage(tab, name, "completed");
        await tab.locator('[data-testid="timeline"]').getByText(`${name} is through`).waitFor();
      }
    }
    // The backend does not run this validation, so an operator may start one.
    expect(await tabs[0]?.getByRole("button", { name: "Validate Customer" }).getAttribute("aria-disabled")).toBe(
      "false",
    );
    await say({ status: "DUPLICATE", message: "Customer already exists" });
    for (const tab of tabs) await tab.getByText("Customer already exists").first().waitFor();
    client.disconnect();
    await redis.stop();
  });

  test("the Live badge goes off when the server dies, and everything recovers with the server", async () => {
    const page = await open(detailPath);
    const list = await open("/");
    await Promise.all([live(page, true), live(list, true)]);
    await gateway.stop("SIGKILL");
    await Promise.all([live(page, false), live(list, false)]);
    await photograph(page, "disconnected");

    gateway = await Gateway.start({ port: gateway.port, database: gateway.database, more: pace });
    await Promise.all([live(page, true), live(list, true)]);
    await page.getByRole("button", { name: "Validate Customer" }).click();
    await status(page, "APPROVED");
    await list.locator('[data-status="APPROVED"]').first().waitFor();
  });

  test("a page that was offline when the validation ended shows its outcome after the reconnect", async () => {
    const page = await open(detailPath);
    await live(page, true);
    await gateway.stop("SIGKILL");
    await live(page, false);

    // On another port, where the page can't receive it, the validation runs to its end.
    const elsewhere = await Gateway.start({
      database: gateway.database,
      more: ["--stage-pace-ms", "0", "--t24-latency-ms", "0"],
    });
    await elsewhere.validate(42);
    await expect
      .poll(async () => (await elsewhere.get<{ status: string }>("/api/registrations/42")).status)
      .toBe("APPROVED");
    await elsewhere.stop();

    gateway = await Gateway.start({ port: gateway.port, database: gateway.database, more: pace });
    await live(page, true);
    await status(page, "APPROVED");
  });

  test("a page whose server missed the outcome while Redis was away shows it once Redis is back", async () => {
    const redis = await RedisServer.start();
    await gateway.stop();
    gateway = await Gateway.start({ redis: redis.address, more: pace });
    const [page, list] = [await open(detailPath), await open("/")];
    await Promise.all([live(page, true), live(list, true)]);
    let streams = 0;
    context.on("request", (request) => (streams += request.url().includes("/updates/stream") ? 1 : 0));

    await Promise.all([
      stage(page, "t24_lookup", "started"),
      page.getByRole("button", { name: "Validate Customer" }).click(),
    ]);
    await redis.kill();
    await expect
      .poll(async () => (await gateway.get<{ status: string }>("/api/registrations/42")).status, { timeout: 30_000 })
      .toBe("APPROVED");

    await redis.restart();
    await status(page, "APPROVED");
    await list.locator('[data-registration-id="42"][data-status="APPROVED"]').waitFor();
    // The streams were open all the time: the reset came from the server.
    expect(streams).toBe(0);
    await redis.stop();
  });

  test("works with the keyboard alone", async () => {
    const page = await open(detailPath);
    await live(page, true);
    const button = page.getByRole("button", { name: "Validate Customer" });
    for (
      let presses = 0;
      presses < 30 && !(await button.evaluate((node) => node === document.activeElement));
      presses += 1
    ) {
      await page.keyboard.press("Tab");
    }
    await page.keyboard.press("Enter");
    await stage(page, "duplicate_check", "completed");
    // While disabled it keeps the focus, so that keyboard users don't restart at the top of the page.
    expect(await button.evaluate((node) => [node === document.activeElement, node.ariaDisabled])).toEqual([
      true,
      "true",
    ]);
  });

  test("a failed look-up shows where it failed, and offers to validate again", async () => {
    const { registrations } = await gateway.get<{ registrations: { id: number; status: string }[] }>(
      "/api/registrations",
    );
    for (const { id } of registrations) await gateway.validate(id);
    await expect
      .poll(
        async () => {
          const now = await gateway.get<{ registrations: { validating: boolean }[] }>("/api/registrations");
          return now.registrations.some(({ validating }) => validating);
        },
        { timeout: 30_000 },
      )
      .toBe(false);
    const list = await open("/");
    await list.locator('[data-status="FAILED"]').first().waitFor();
    await photograph(list, "list");
    await list
      .locator("tr, li, article")
      .filter({ has: list.locator('[data-status="FAILED"]') })
      .first()
      .getByRole("link")
      .first()
      .click();
    await status(list, "FAILED");
    await list.locator('[data-testid="timeline"] [data-state="failed"]').first().waitFor();
    expect(await list.getByRole("button", { name: /Validate/ }).isEnabled()).toBe(true);
    await photograph(list, "failed");
  });

  test("an unknown registration is reported as unknown, and a narrow screen does not scroll sideways", async () => {
    const unknown = await open("/mobile-banking/registration-requests/999999");
    await unknown
      .getByText(/not found|no registration/i)
      .first()
      .waitFor();
    await photograph(unknown, "unknown");

    const page = await open(detailPath);
    await page.setViewportSize({ width: 360, height: 740 });
    await live(page, true);
    const overflow = await page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
    expect(overflow).toBeLessThanOrEqual(0);
    await photograph(page, "narrow");
  });
});
