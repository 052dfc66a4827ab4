import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";

import { launchBrowser } from "../processes/browser.ts";
import { CertificateAuthority } from "../processes/certificates.ts";
import { Gateway } from "../processes/gateway.ts";
import { type Rights, TokenKey } from "../processes/tokens.ts";

const listPath = "/mobile-banking/registration-requests";
const key = TokenKey.make("ES256");
const pace = ["--stage-pace-ms", "0", "--t24-latency-ms", "0", "--job-interval-ms", "3600000"];

// Over TLS, as a bank serves it: browsers accept a cookie named __Host-… only so.
describe("the page of a guarded gateway", () => {
  let browser: Browser;
  let gateway: Gateway;
  let context: BrowserContext;
  let page: Page;

  beforeAll(async () => {
    browser = await launchBrowser();
    const certificate = new CertificateAuthority().issue();
    gateway = await Gateway.start({ certificate, more: ["--token-key", key.file(), ...pace] });
  });
  afterAll(async () => {
    await browser.close();
    await gateway.stop("SIGKILL");
  });
  beforeEach(async () => {
    // Chromium does not know the test's own authority.
    context = await browser.newContext({ ignoreHTTPSErrors: true });
    page = await context.newPage();
  });
  afterEach(() => context.close());

  /** Signs in, as the bank's own page would. */
  const signIn = (rights: Rights, secondsLeft = 600): Promise<void> =>
    context.addCookies([
      {
        name: "__Host-regstream",
        value: key.token(rights, { exp: Date.now() / 1000 + secondsLeft }),
        url: gateway.url("/"),
        httpOnly: true,
        secure: true,
        sameSite: "Strict",
      },
    ]);
  const isLive = (): Promise<void> => page.locator('[data-testid="live-badge"][data-live="true"]').waitFor();
  const title = (text: string): Promise<void> => page.getByRole("heading", { name: text }).waitFor();

  test.each([listPath, `${listPath}/42`])("%s says that nobody is signed in, until somebody signs in", async (path) => {
    await page.goto(gateway.url(path));
    await title("You are not signed in");
    expect(await page.locator('[data-testid="live-badge"][data-live="true"]').count()).toBe(0);
    await signIn({ subscribe: ["registration:*"] });
    await page.reload();
    await isLive();
  });

  test("shows a validation up to its outcome to an operator who may start it", async () => {
    await signIn({ subscribe: ["registration:42"], publish: ["registration:42"] });
    await page.goto(gateway.url(`${listPath}/42`));
    await isLive();
    await page.getByRole("button", { name: "Validate Customer" }).click();
    await page.locator('[data-testid="registration-status"]:not([data-status="PENDING"])').waitFor();
  });

  test("says that another registration is not this operator's", async () => {
    await signIn({ subscribe: ["registration:42"] });
    await page.goto(gateway.url(`${listPath}/43`));
    await title("You don’t have access");
  });

  test("stays live with a renewed cookie", async () => {
    await signIn({ subscribe: ["registration:42"] }, 6);
    const streams: string[] = [];
    page.on("request", (request) => {
      if (request.resourceType() === "eventsource") streams.push(request.url());
    });
    await page.goto(gateway.url(`${listPath}/42`));
    await isLive();
    await page.evaluate(() => {
      const badge = document.querySelector('[data-testid="live-badge"]') as Element;
      const observer = new MutationObserver(() => badge.setAttribute("data-has-changed", "true"));
      observer.observe(badge, { attributeFilter: ["data-live", "data-connection"] });
    });
    await signIn({ subscribe: ["registration:42"] });
    await expect.poll(() => streams.length, { timeout: 30_000 }).toBe(2);
    await isLive();
    expect(await page.locator("[data-has-changed]").count()).toBe(0);
  });
});
