// The applications of docs/moving, before and after each step of their move: an update reaches the page each time.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";

import { launchBrowser } from "../processes/browser.ts";
import { Gateway } from "../processes/gateway.ts";
import { NginxInFront } from "../processes/nginx.ts";
import { RedisServer } from "../processes/redis.ts";
import { MovingSite, movedApp, typeErrors, writeWorkflowTypes } from "./moving_site.ts";

const steps = ["1_stream.patch", "2_page.patch", "3_publisher.patch"];

let browser: Browser;
let page: Page;
beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser.close());
beforeEach(async () => {
  page = await browser.newPage();
  const wasm = await readFile(fileURLToPath(new URL("../../wasm/dist/regstream.wasm", import.meta.url)));
  await page.route("**/regstream.wasm", (route) => route.fulfill({ contentType: "application/wasm", body: wasm }));
});
afterEach(() => page.close());

const untilText = (text: string) => page.locator(`text="${text}"`).waitFor();

/** What the page's streams are, in order: their path, and the server that answered. */
function openedStreams(): { readonly path: string; readonly server: string | undefined }[] {
  const streams: { path: string; server: string | undefined }[] = [];
  page.on("response", (response) => {
    const { "content-type": type, server } = response.headers();
    if (type?.startsWith("text/event-stream")) streams.push({ path: new URL(response.url()).pathname, server });
  });
  return streams;
}

test("both applications type-check, before the move and after it", { timeout: 120_000 }, () => {
  const moved = movedApp("own_route", ["move.patch"]);
  writeWorkflowTypes(moved);
  const folders = [movedApp("given_system", []), movedApp("given_system", steps), movedApp("own_route", []), moved];
  expect(typeErrors(folders)).toEqual([]);
});

describe("the given system", () => {
  let redis: RedisServer;
  let gateway: Gateway;
  beforeAll(async () => {
    redis = await RedisServer.start();
    gateway = await Gateway.start({ hasDemo: false, redis: redis.address });
  });

  test.each([0, 1, 2, 3])("shows a validation after %i of its three steps", async (count) => {
    const folder = movedApp("given_system", steps.slice(0, count));
    const site = await MovingSite.startNext(folder, "app/mobile-banking/registration-requests/[id]/page.tsx", {
      REDIS_HOST: "127.0.0.1",
      REDIS_PORT: String(redis.port),
      REGSTREAM_URL: gateway.url(""),
    });
    const streams = openedStreams();
    const id = 420 + count;
    await page.goto(`${site.url}/mobile-banking/registration-requests/${id}`);
    await untilText("Live");
    const started = await fetch(`${site.url}/api/registrations/${id}/process`, { method: "POST" });
    expect(started.status).toBe(202);
    await untilText("Customer validated successfully");
    expect(await page.title()).toBe(`APPROVED: request ${id}`);
    expect(streams).toEqual([
      { path: "/api/registrations/updates/stream", server: count === 0 ? undefined : "regstream" },
    ]);
    await page.reload();
    await untilText("Live");
    // The package's hook has the state again; the given one waits for the next update.
    if (count >= 2) await untilText("Customer validated successfully");
    else expect(await page.locator("p").textContent()).toBe("");
  });
});

describe("a home-made route", () => {
  async function showReport(url: string, id: string): Promise<void> {
    await page.goto(`${url}/?report=${id}`);
    await untilText("Live");
    expect((await fetch(`${url}/reports/${id}/make`, { method: "POST" })).status).toBe(202);
    await untilText("The report is ready");
  }

  test("shows a report before the move", async () => {
    const folder = movedApp("own_route", []);
    const streams = openedStreams();
    const { url } = await MovingSite.start(folder, "server.ts", "page.ts", {});
    await showReport(url, "R-1");
    expect(streams).toEqual([{ path: "/reports/R-1/stream", server: undefined }]);
  });

  test("shows it after the move, to a page that comes late as well", async () => {
    const folder = movedApp("own_route", ["move.patch"]);
    writeWorkflowTypes(folder);
    const gateway = await Gateway.start({ hasDemo: false, more: ["--workflow", join(folder, "workflow.json")] });
    const { port } = await MovingSite.start(folder, "server.ts", "page.ts", { REGSTREAM_URL: gateway.url("") });
    // What begins with /api/ is the gateway's, and all else the application's.
    const proxy = await NginxInFront.start({ gateways: [gateway.port], pages: port });
    const streams = openedStreams();
    await showReport(`http://127.0.0.1:${proxy.bufferingPort}`, "R-1");
    await page.reload();
    await untilText("The report is ready");
    const path = "/api/reports/updates/stream";
    expect(streams.map((stream) => stream.path)).toEqual([path, path]);
  });
});
