import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { Gateway, regstream } from "../processes/gateway.ts";

const allowed = "https://bank.example";
const stream = "/api/registrations/updates/stream";

function corsFields(response: Response): Record<string, string> {
  return Object.fromEntries([...response.headers].filter(([name]) => name.startsWith("access-control-") || name === "vary"));
}

describe("pages of other origins", () => {
  let gateway: Gateway;
  beforeAll(async () => {
    gateway = await Gateway.start({ more: ["--open", "--publish-route", "on", "--cors-origin", "https://other.example", "--cors-origin", allowed] });
  });
  afterAll(async () => {
    await gateway.stop();
  });

  const ask = async (path: string, init: RequestInit & { headers: Record<string, string> }): Promise<Response> => {
    const response = await fetch(gateway.url(path), init);
    await response.body?.cancel();
    return response;
  };
  const shared = {
    "access-control-allow-credentials": "true",
    "access-control-allow-origin": allowed,
    "access-control-expose-headers": "Retry-After, WWW-Authenticate, Location",
    vary: "Origin",
  };

  test.each<[string, string, RequestInit, number]>([
    ["a stream", stream, {}, 200],
    ["its head", stream, { method: "HEAD" }, 200],
    ["a stream of HTTP that is none", `${stream}?registrationId=x`, {}, 400],
    ["a list", "/api/registrations", {}, 200],
    ["a page's file", "/", {}, 200],
    ["nothing", "/api/nothing", {}, 404],
    ["another method", stream, { method: "DELETE" }, 405],
    ["a change", "/api/registrations/42/process", { method: "POST" }, 202],
    ["a change that is refused", "/api/registrations/999999/process", { method: "POST" }, 404],
  ])("an allowed one may read %s", async (_name, path, init, status) => {
    const response = await ask(path, { ...init, headers: { Origin: allowed, "Sec-Fetch-Site": "cross-site" } });
    expect(response.status).toBe(status);
    expect(corsFields(response)).toEqual(shared);
  });

  test("no other one may read, or change anything", async () => {
    for (const origin of ["https://evil.example", "null", `${allowed}:444`]) {
      const old = await ask(stream, { headers: { Origin: origin } });
      expect([old.status, corsFields(old)]).toEqual([200, { vary: "Origin" }]);
      const loaded = await ask(stream, { headers: { Origin: origin, "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty" } });
      expect([loaded.status, corsFields(loaded)]).toEqual([403, { vary: "Origin" }]);
      const change = await ask("/api/registrations/42/process", { method: "POST", headers: { Origin: origin, "Sec-Fetch-Site": "cross-site" } });
      expect(change.status).toBe(403);
      expect(corsFields(change)).toEqual({ vary: "Origin" });
    }
  });

  test("a preflight says what its resource takes", async () => {
    const preflight = (path: string, origin: string): Promise<Response> =>
      ask(path, { method: "OPTIONS", headers: { Origin: origin, "Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "authorization" } });
    const answer = await preflight(stream, allowed);
    expect(answer.status).toBe(204);
    expect(corsFields(answer)).toEqual({
      ...shared,
      "access-control-allow-headers": "Authorization, Content-Type, Last-Event-ID, Idempotency-Key, Cache-Control",
      "access-control-allow-methods": "GET, HEAD",
      "access-control-max-age": "600",
    });
    const publish = await preflight("/api/registrations/42/updates", allowed);
    expect(corsFields(publish)).toMatchObject({ "access-control-allow-methods": "POST" });
    expect((await preflight(stream, "https://evil.example")).status).toBe(405);
  });
});

test("without the option no answer tells of other origins", async () => {
  const gateway = await Gateway.start();
  const response = await fetch(gateway.url(stream), { headers: { Origin: allowed } });
  await response.body?.cancel();
  expect(corsFields(response)).toEqual({});
  await gateway.stop();
});

test.each([
  ["*", /every site/],
  ["null", /sandboxed/],
  ["https://bank.example/", /scheme, host and port only/],
])("--cors-origin %s is refused, and why", async (origin, why) => {
  const child = regstream(["serve", "--port", "0", "--cors-origin", origin]);
  expect(await child.exited).toBe(2);
  expect(child.log).toMatch(why);
});
