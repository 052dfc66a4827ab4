import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";

import { launchBrowser } from "../processes/browser.ts";
import { Gateway } from "../processes/gateway.ts";

/** What a page of another origin may do: read a stream, and publish an update. */
interface Heard {
  readonly event: string;
  readonly published: number | string;
}

function use(gateway: string): Promise<Heard> {
  const event = new Promise<string>((resolve) => {
    const source = new EventSource(`${gateway}/api/registrations/updates/stream`, { withCredentials: true });
    source.onmessage = ({ data }) => {
      source.close();
      resolve((JSON.parse(data as string) as { type: string }).type);
    };
    source.onerror = () => {
      source.close();
      resolve("error");
    };
  });
  const published = fetch(`${gateway}/api/registrations/42/updates`, {
    method: "POST",
    credentials: "include",
    headers: { "Content-Type": "application/json", "Idempotency-Key": crypto.randomUUID() },
    body: JSON.stringify({ status: "APPROVED", message: "By a page" }),
  }).then(
    ({ status }) => status,
    () => "error",
  );
  return Promise.all([event, published]).then(([type, status]) => ({ event: type, published: status }));
}

describe("a page of another origin", () => {
  let browser: Browser;
  let site: Server;
  let gateway: Gateway | undefined;

  beforeAll(async () => {
    browser = await launchBrowser();
    site = createServer((_request, response) => response.writeHead(200, { "Content-Type": "text/html" }).end("<body>"));
    await new Promise<void>((resolve) => site.listen(0, "127.0.0.1", resolve));
  });
  afterEach(async () => {
    await gateway?.stop("SIGKILL");
  });
  afterAll(async () => {
    await browser.close();
    await new Promise((resolve) => site.close(resolve));
  });

  const origin = (): string => `http://127.0.0.1:${(site.address() as AddressInfo).port}`;
  const open = async (): Promise<Page> => {
    const page = await browser.newPage();
    await page.goto(origin());
    return page;
  };

  test("uses the gateway if its origin is allowed", async () => {
    gateway = await Gateway.start({ more: ["--open", "--publish-route", "on", "--cors-origin", origin()] });
    const page = await open();
    expect(await page.evaluate(use, gateway.url(""))).toEqual({ event: "connected", published: 201 });
    await page.close();
  });

  test("reads nothing and changes nothing otherwise", async () => {
    gateway = await Gateway.start({
      more: ["--open", "--publish-route", "on", "--cors-origin", "https://bank.example"],
    });
    const page = await open();
    expect(await page.evaluate(use, gateway.url(""))).toEqual({ event: "error", published: "error" });
    expect(await gateway.get("/api/health")).toMatchObject({ published: 0 });
    await page.close();
  });
});
