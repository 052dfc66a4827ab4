import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";

import { launchBrowser } from "../processes/browser.ts";
import { Gateway } from "../processes/gateway.ts";

let browser: Browser;
let gateway: Gateway;
beforeAll(async () => {
  [browser, gateway] = await Promise.all([
    launchBrowser(),
    Gateway.start({ hasDemo: false, more: ["--log-requests"] }),
  ]);
});
afterAll(async () => {
  await browser.close();
  await gateway.stop("SIGKILL");
});

declare global {
  interface Window {
    source?: EventSource;
  }
}

// docs/TROUBLESHOOTING.md: the page that says "Connecting…" for ever.
test("over HTTP/1.1 the stream of the seventh tab waits until another one closes", async () => {
  const context = await browser.newContext();
  await context.route("**/blank", (route) => route.fulfill({ contentType: "text/html", body: "<!doctype html>" }));
  const tabs = [];
  for (let count = 0; count < 7; ++count) {
    const tab = await context.newPage();
    await tab.goto(gateway.url("/blank"));
    await tab.evaluate(() => {
      window.source = new EventSource("/api/registrations/updates/stream");
    });
    if (count < 6) await tab.waitForFunction(() => window.source?.readyState === EventSource.OPEN);
    tabs.push(tab);
  }
  const seventh = tabs[6];
  expect(await seventh?.evaluate(() => window.source?.readyState)).toBe(0);
  expect(await gateway.get("/api/health")).toMatchObject({ subscribers: 6 });

  await tabs[0]?.close();
  await seventh?.waitForFunction(() => window.source?.readyState === EventSource.OPEN);
  const order = gateway.log.match(/stream (opened|ended)/g);
  expect(order).toEqual([...Array<string>(6).fill("stream opened"), "stream ended", "stream opened"]);
  await context.close();
});
