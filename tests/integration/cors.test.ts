import { connect } from "node:net";
import { text } from "node:stream/consumers";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { Gateway, regstream } from "../processes/gateway.ts";

const allowed = "https://bank.example";
const stream = "/api/registrations/updates/stream";

function corsFields(response: Response): Record<string, string> {
  return Object.fromEntries(
    [...response.headers].filter(([name]) => name.startsWith("access-control-") || name === "vary"),
  );
}

describe("pages of other origins", () => {
  let gateway: Gateway;
  beforeAll(async () => {
    gateway = await Gateway.start({
      more: ["--open", "--publish-route", "on", "--cors-origin", "https://other.example", "--cors-origin", allowed],
    });
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
    ["an invalid request for a stream", `${stream}?registrationId=x`, {}, 400],
    ["a list", "/api/registrations", {}, 200],
    ["a page's file", "/", {}, 200],
    ["nothing", "/api/nothing", {}, 404],
    ["another method", stream, { method: "DELETE" }, 405],
    ["a change", "/api/registrations/42/process", { method: "POST" }, 202],
    ["a change that is refused", "/api/registrations/999999/process", { method: "POST" }, 404],
  ])("an allowed origin may read %s", async (_name, path, init, status) => {
    const response = await ask(path, { ...init, headers: { Origin: allowed, "Sec-Fetch-Site": "cross-site" } });
    expect(response.status).toBe(status);
    expect(corsFields(response)).toEqual(shared);
  });

  test("no other origin may read or change anything", async () => {
    for (const origin of ["https://evil.example", "null", `${allowed}:444`]) {
      const old = await ask(stream, { headers: { Origin: origin } });
      expect([old.status, corsFields(old)]).toEqual([200, { vary: "Origin" }]);
      const loaded = await ask(stream, {
        headers: {
          Origin: origin,
          "Sec-Fetch-Site": "cross-site",
          "Sec-Fetch-Mode": "cors",
          "Sec-Fetch-Dest": "empty",
        },
      });
      expect([loaded.status, corsFields(loaded)]).toEqual([403, { vary: "Origin" }]);
      const change = await ask("/api/registrations/42/process", {
        method: "POST",
        headers: { Origin: origin, "Sec-Fetch-Site": "cross-site" },
      });
      expect(change.status).toBe(403);
      expect(corsFields(change)).toEqual({ vary: "Origin" });
    }
  });

  test("a preflight lists what its resource allows", async () => {
    const preflight = (path: string, origin: string): Promise<Response> =>
      ask(path, {
        method: "OPTIONS",
        headers: {
          Origin: origin,
          "Access-Control-Request-Method": "GET",
          "Access-Control-Request-Headers": "authorization",
        },
      });
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

describe("requests that are refused before they are complete", () => {
  const fields = `Host: localhost\r\nOrigin: ${allowed}\r\n`;
  const large = `POST /api/registrations/42/process HTTP/1.1\r\n${fields}`;

  /** Sends any bytes; returns the answer's head. */
  async function say(port: number, bytes: string): Promise<string> {
    const socket = connect(port, "127.0.0.1");
    socket.on("error", () => undefined);
    socket.end(bytes);
    return (await text(socket)).split("\r\n\r\n")[0] ?? "";
  }

  test.each<[number, string, string]>([
    [413, "a body that is announced too large", `${large}Content-Length: 9999999\r\n\r\n`],
    [413, "a body that grows too large", `${large}Transfer-Encoding: chunked\r\n\r\nffffff\r\n`],
    [431, "a head that is too long", `GET ${stream} HTTP/1.1\r\n${fields}Cookie: ${"c".repeat(40_000)}\r\n\r\n`],
    [400, "an invalid head", `GET ${stream} HTTP/1.1\r\n${fields}no field\r\n\r\n`],
    [421, "another host", `GET ${stream} HTTP/1.1\r\nOrigin: ${allowed}\r\nHost: evil.example\r\n\r\n`],
  ])("are answered with %i to an allowed origin: %s", async (status, _name, bytes) => {
    const gateway = await Gateway.start({ hasDemo: false, more: ["--open", "--cors-origin", allowed] });
    const head = await say(gateway.port, bytes);
    expect(head).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(head).toContain(`Access-Control-Allow-Origin: ${allowed}`);
    expect(await say(gateway.port, bytes.replace(allowed, "https://evil.example"))).not.toContain(
      "Access-Control-Allow-Origin",
    );
    await gateway.stop();
  });

  test("so is one from a client behind a proxy that has used up its places", async () => {
    const gateway = await Gateway.start({
      hasDemo: false,
      more: ["--open", "--cors-origin", allowed, "--connections-per-client", "1", "--trusted-proxy", "127.0.0.1"],
    });
    const headers = { Origin: allowed, "X-Forwarded-For": "192.0.2.1" };
    const open = await fetch(gateway.url(stream), { headers });
    const refused = await fetch(gateway.url(stream), { headers });
    expect([
      refused.status,
      refused.headers.get("Retry-After"),
      refused.headers.get("Access-Control-Allow-Origin"),
    ]).toEqual([429, "1", allowed]);
    expect(refused.headers.get("Access-Control-Expose-Headers")).toContain("Retry-After");
    await Promise.all([refused.body?.cancel(), open.body?.cancel()]);
    await gateway.stop();
  });
});

test("without the option no answer mentions other origins", async () => {
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
