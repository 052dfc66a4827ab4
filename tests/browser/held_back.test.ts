// What EventSource hides from a page: an nginx that holds every stream back, and a refusal.
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";

import { launchBrowser } from "../processes/browser.ts";
import { Gateway } from "../processes/gateway.ts";
import { Nginx } from "../processes/nginx.ts";
import { ModuleServer } from "./module_server.ts";

const path = "/api/registrations/updates/stream";

let modules: ModuleServer;
let gateway: Gateway;
let nginx: Nginx;
let browser: Browser;
let page: Page;
beforeAll(async () => {
  modules = await ModuleServer.start();
  // Another origin than the page's: requests that need a preflight would be refused.
  gateway = await Gateway.start({
    more: ["--open", "--publish-route", "on", "--cors-origin", `http://127.0.0.1:${modules.port}`],
  });
  nginx = await Nginx.start(gateway.port, "proxy_buffering on; proxy_ignore_headers X-Accel-Buffering;");
  browser = await launchBrowser();
  page = await browser.newPage();
  await page.goto(modules.pageWith("/tests/browser/held_back_page.ts"));
  await page.waitForFunction(() => window.connect !== undefined);
});
afterAll(async () => {
  await browser.close();
  await Promise.all([modules.stop(), nginx.stop(), gateway.stop("SIGKILL")]);
});

async function publish(status: string): Promise<void> {
  const response = await fetch(gateway.url("/api/registrations/42/updates"), {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ status, message: "so it is" }),
  });
  expect(response.ok).toBe(true);
}

test("a page behind an nginx that holds streams back gets its updates by polls", async () => {
  await page.evaluate((url) => window.connect?.(url), nginx.url(path));
  await page.waitForFunction(() => window.snapshot?.().isConnected === true);
  const shown = () => page.evaluate(() => window.snapshot?.());
  expect(await shown()).toMatchObject({ transport: "polling", connections: 1, error: null });
  for (const status of ["PENDING", "APPROVED"]) {
    await publish(status);
    await page.waitForFunction((wanted) => window.snapshot?.().latestUpdate?.status === wanted, status);
  }
  expect(await shown()).toMatchObject({ transport: "polling", isConnected: true, connections: 1, resets: 0 });
});

test("a page that is refused learns the status", async () => {
  await page.evaluate((url) => window.connect?.(url), gateway.url("/api/nowhere"));
  await page.waitForFunction(() => window.snapshot?.().connection === "closed");
  const snapshot = await page.evaluate(() => ({ ...window.snapshot?.(), error: window.snapshot?.().error?.message }));
  expect(snapshot).toMatchObject({
    reason: "refused_for_good",
    transport: "fetch",
    error: expect.stringContaining("404") as string,
  });
});
