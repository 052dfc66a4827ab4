import { join } from "node:path";

import type { Browser, BrowserContext, Page, Request } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";

import { launchBrowser } from "../processes/browser.ts";
import { freePort } from "../processes/child.ts";
import { Gateway } from "../processes/gateway.ts";
import { temporaryFolder } from "../processes/temporary_folder.ts";
import { bearer, type Rights, TokenKey, writeJwks } from "../processes/tokens.ts";
import { ModuleServer } from "./module_server.ts";

const streamPath = "/api/registrations/updates/stream";
const cookieName = "session";
const of42: Rights = { subscribe: ["registration:42"] };

const kept = TokenKey.make("ES256");
const withdrawn = TokenKey.make("ES256");
const tokenOf = (rights: Rights, secondsLeft = 600): string =>
  kept.token(rights, { exp: Date.now() / 1000 + secondsLeft }, { kid: "kept" });
const withdrawnToken = (): string => withdrawn.token(of42, {}, { kid: "withdrawn" });

let browser: Browser;
let modules: ModuleServer;
let keys: string;
let port: number;
let journal: string;
let gateway: Gateway;
let context: BrowserContext;
let page: Page;
/** The page's requests for the gateway's stream, by each transport. */
let asked: Request[];

/** Restarts it with the same address and history. */
const startGateway = (origin: string): Promise<Gateway> =>
  Gateway.start({
    hasDemo: false,
    port,
    more: ["--token-jwks", keys, "--token-cookie", cookieName, "--cors-origin", origin, "--journal", journal],
  });

beforeAll(async () => {
  [browser, modules] = await Promise.all([launchBrowser(), ModuleServer.start()]);
});
afterAll(async () => {
  await browser.close();
  await modules.stop();
});
beforeEach(async () => {
  keys = writeJwks({ kept, withdrawn });
  port = await freePort();
  journal = join(temporaryFolder(), "journal.sqlite3");
  const pageUrl = modules.pageWith("/tests/browser/guarded_page.ts");
  gateway = await startGateway(new URL(pageUrl).origin);
  context = await browser.newContext();
  page = await context.newPage();
  asked = [];
  page.on("request", (request) => {
    if (request.method() === "GET" && new URL(request.url()).pathname === streamPath) asked.push(request);
  });
  await page.goto(pageUrl);
  await page.waitForFunction(() => window.guard !== undefined);
});
afterEach(async () => {
  await context.close();
  await gateway.stop("SIGKILL");
});

const publish = async (message: string): Promise<void> => {
  const response = await fetch(gateway.url("/api/registrations/42/updates"), {
    method: "POST",
    headers: { "Content-Type": "application/json", ...bearer(tokenOf({ publish: ["registration:*"] })) },
    body: JSON.stringify({ stage: "t24_lookup", message }),
  });
  expect(response.status).toBe(201);
};
const untilShown = async (text: string): Promise<string[]> => {
  await page.waitForFunction((wanted) => window.shown.some((one) => one.includes(wanted)), text);
  return page.evaluate(() => window.shown);
};
const untilHeard = async (message: string): Promise<string[]> => {
  await page.waitForFunction((wanted) => window.heard.includes(wanted), message);
  return page.evaluate(() => window.heard);
};
const ticketsUsed = (): (string | null)[] => asked.map((request) => new URL(request.url()).searchParams.get("ticket"));

describe.each(["eventsource", "fetch"] as const)("a page of another origin with a token, by %s", (transport) => {
  const guard = (...tokens: string[]): Promise<void> =>
    page.evaluate(([url, way, given]) => window.guard?.({ url, transport: way }, given), [
      gateway.url(streamPath),
      transport,
      tokens,
    ] as const);

  test("is admitted, also after a restart of the gateway, and misses nothing", async () => {
    await guard(tokenOf(of42), tokenOf(of42));
    await untilShown("open|connected");
    await publish("before");
    await untilHeard("before");
    await gateway.stop();
    gateway = await startGateway(new URL(page.url()).origin);
    await publish("meanwhile");
    await untilHeard("meanwhile");
    await publish("after");
    expect(await untilHeard("after")).toEqual(["before", "meanwhile", "after"]);
    // Each ticket is in one URL; no token is in any.
    const tickets = ticketsUsed();
    expect(new Set(tickets).size).toBe(transport === "eventsource" ? tickets.length : 1);
    expect(tickets.includes(null)).toBe(transport === "fetch");
    expect(asked.map((request) => request.url()).join()).not.toContain("eyJ");
  });

  test("is renewed before its token expires, is connected all the time, and misses nothing", async () => {
    await guard(tokenOf(of42, 6), tokenOf(of42));
    await untilShown("open|connected");
    const published: string[] = [];
    const publishNext = async (): Promise<void> => {
      published.push(String(published.length));
      await publish(String(published.length - 1));
    };
    while (asked.length < 2) await publishNext();
    expect((await asked[1]?.response())?.status()).toBe(200);
    for (let more = 0; more < 5; ++more) await publishNext();
    expect(await untilHeard(published.at(-1) ?? "")).toEqual(published);
    const shown = await page.evaluate(() => window.shown);
    const first = shown.indexOf("open|connected|");
    expect(shown.slice(first).filter((one) => one.includes("away") || one.includes("closed"))).toEqual([]);
  });

  test("whose key is withdrawn ends at once", async () => {
    await guard(withdrawnToken(), withdrawnToken(), withdrawnToken());
    await untilShown("open|connected");
    writeJwks({ kept }, keys);
    gateway.signal("SIGHUP");
    const shown = await untilShown("closed|away");
    expect(shown.at(-1)).toContain("unauthorized (status 401)");
  });

  test("whose key is withdrawn continues with another key's token, and misses nothing", async () => {
    await guard(withdrawnToken(), withdrawnToken(), tokenOf(of42));
    await untilShown("open|connected");
    await publish("before");
    await untilHeard("before");
    writeJwks({ kept }, keys);
    gateway.signal("SIGHUP");
    await untilShown("waiting|away");
    await publish("meanwhile");
    expect(await untilHeard("meanwhile")).toEqual(["before", "meanwhile"]);
  });

  test("that has expired asks for a fresh token, and reports at once that there is none", async () => {
    await guard(tokenOf(of42, -60), tokenOf(of42, -60));
    const shown = await untilShown("closed|away");
    expect(shown.at(-1)).toContain("unauthorized (status 401)");
    expect(asked).toHaveLength(transport === "eventsource" ? 0 : 2);
  });

  test("of another id is not admitted", async () => {
    await guard(tokenOf({ subscribe: ["registration:43"] }), tokenOf(of42));
    // EventSource hides the status, so the stream retries with another token's ticket.
    const shown = await untilShown(transport === "eventsource" ? "waiting|away" : "closed|away");
    if (transport === "fetch") expect(shown.at(-1)).toContain("forbidden (status 403)");
    else await untilShown("open|connected");
    const statuses = await Promise.all(asked.map(async (request) => (await request.response())?.status()));
    expect(statuses).toEqual(transport === "fetch" ? [403] : [403, 200]);
  });
});

describe("a page of another origin with a cookie", () => {
  test.each([
    ["eventsource", "include", 200],
    ["eventsource", "same-origin", 401],
    ["fetch", "include", 200],
    ["fetch", "same-origin", 401],
  ] as const)("by %s with credentials %s: %i", async (transport, credentials, status) => {
    const cookie = { name: cookieName, value: tokenOf(of42), url: gateway.url("/"), httpOnly: true };
    await context.addCookies([{ ...cookie, sameSite: "Lax" }]);
    await page.evaluate(([url, way, cookies]) => window.guard?.({ url, transport: way, credentials: cookies }, []), [
      gateway.url(streamPath),
      transport,
      credentials,
    ] as const);
    await untilShown(status === 200 ? "open|connected" : "away");
    await expect.poll(async () => (await asked[0]?.response())?.status()).toBe(status);
    if (status !== 200) return;
    await publish("for a signed-in user");
    await untilHeard("for a signed-in user");
  });
});
