import { connect } from "node:net";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { freePort } from "../processes/child.ts";
import { Gateway, regstream } from "../processes/gateway.ts";

describe("a caller's mistake is explained in problem details", () => {
  let gateway: Gateway;
  beforeAll(async () => {
    gateway = await Gateway.start({ more: ["--t24-latency-ms", "600000", "--stage-pace-ms", "0"] });
  });
  afterAll(() => gateway.stop("SIGKILL"));

  const json = { "Content-Type": "application/json" };
  const valid = {
    customerName: "Sara Lindqvist",
    customerNumber: "100999",
    phone: "+251900000099",
    branch: "Harbour",
    nationalId: "ID-000099",
  };
  const post = (path: string, body: BodyInit, headers: HeadersInit = json): [string, RequestInit] => [
    path,
    { method: "POST", body, headers },
  ];

  const refused: [string, [string, RequestInit?], number, RegExp][] = [
    ["an unknown registration", ["/api/registrations/999999"], 404, /999999/],
    ["validating an unknown registration", post("/api/registrations/999999/process", ""), 404, /999999/],
    ["an id that is not a number", ["/api/registrations/abc"], 400, /id/],
    ["an id of zero", ["/api/registrations/0"], 400, /id/],
    ["an id beyond 2^53", ["/api/registrations/9007199254740993"], 400, /id/],
    ["an id of many digits", [`/api/registrations/${"9".repeat(400)}`], 400, /id/],
    ["a stream of a malformed id", ["/api/registrations/updates/stream?registrationId=4x2"], 400, /registrationId/],
    ["a stream of an empty id", ["/api/registrations/updates/stream?registrationId="], 400, /registrationId/],
    [
      "a snapshot of an id that the stream has not",
      ["/api/registrations/updates/stream?registrationId=1&snapshot=2"],
      400,
      /snapshot/,
    ],
    [
      "a stream of two ids until the final status",
      ["/api/registrations/updates/stream?registrationId=1&registrationId=2&until=final"],
      400,
      /exactly one/,
    ],
    ["a target that is too long", [`/api/registrations/updates/stream?_=${"x".repeat(6200)}`], 414, /6144/],
    ["a malformed query", ["/api/registrations?status=%zz"], 400, /./],
    ["an unknown status in the query", ["/api/registrations?status=LOST"], 400, /status/],
    ["a body that is not JSON", post("/api/registrations", "{"), 400, /JSON/],
    ["a body that is not an object", post("/api/registrations", "[]"), 400, /object/],
    ["a number that no double holds", post("/api/registrations", `{"customerName":1e999}`), 400, /too large/],
    [
      "one in an update",
      post("/api/registrations/42/updates", `{"status":"FAILED","details":{"n":-1e999}}`),
      400,
      /too large/,
    ],
    ["one in a query", ["/api/registrations/updates/stream?registrationId=1e999"], 400, /registrationId/],
    [
      "a body that nests too deeply",
      post("/api/registrations", "[".repeat(10_000).replace("[", '{"a":[')),
      400,
      /deeply/,
    ],
    ["a missing field", post("/api/registrations", JSON.stringify({ ...valid, phone: undefined })), 400, /phone/],
    ["a field of the wrong kind", post("/api/registrations", JSON.stringify({ ...valid, branch: 7 })), 400, /branch/],
    [
      "a field too long",
      post("/api/registrations", JSON.stringify({ ...valid, customerName: "x".repeat(5000) })),
      400,
      /customerName/,
    ],
    [
      "another content type",
      post("/api/registrations", "a=b", { "Content-Type": "text/plain" }),
      415,
      /application\/json/,
    ],
    ["a body too large", post("/api/registrations", "x".repeat(2 << 20)), 413, /./],
    ["a method that the path has not", ["/api/registrations/42", { method: "DELETE" }], 405, /GET/],
    ["an unknown path of the API", ["/api/nothing"], 404, /./],
  ];

  test.each(refused)("%s", async (_name, [path, init], status, detail) => {
    const response = await fetch(gateway.url(path), init);
    expect(response.status).toBe(status);
    expect(response.headers.get("content-type")).toContain("application/problem+json");
    const problem = (await response.json()) as Record<string, unknown>;
    expect(problem).toMatchObject({ status, title: expect.any(String), type: expect.any(String) });
    expect(problem.detail).toMatch(detail);
  });

  test("a validation already running is refused with 409", async () => {
    expect((await gateway.validate(42)).status).toBe(202);
    const second = await gateway.validate(42);
    expect(second.status).toBe(409);
    expect(await second.json()).toMatchObject({ status: 409, detail: expect.stringMatching(/running/) });
  });

  test("a new registration is created, found where Location says, and can be validated", async () => {
    const created = await fetch(gateway.url("/api/registrations"), {
      method: "POST",
      body: JSON.stringify(valid),
      headers: json,
    });
    expect(created.status).toBe(201);
    const location = created.headers.get("location") ?? "";
    expect(location).toMatch(/^\/api\/registrations\/\d+$/);
    expect(await gateway.get(location)).toMatchObject({ customerName: valid.customerName, status: "PENDING" });
    expect((await gateway.validate(location.split("/").at(-1) ?? "")).status).toBe(202);
  });

  test("the page's routes answer with the page, and files outside its folder can't be reached", async () => {
    const page = await fetch(gateway.url("/mobile-banking/registration-requests/42"));
    expect(page.status).toBe(200);
    expect(page.headers.get("content-type")).toContain("text/html");
    // fetch normalises dot segments; a raw socket does not.
    for (const path of [
      "/../../CMakeLists.txt",
      "/%2e%2e/%2e%2e/CMakeLists.txt",
      "/%2e%2e%2f%2e%2e%2fCMakeLists.txt",
      "/assets/..%2f..%2f..%2fetc/passwd",
    ]) {
      const answer = await raw(gateway.port, `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
      expect(answer).not.toMatch(/cmake_minimum_required|root:/);
    }
  });

  test("characters that browsers and curl leave unescaped in a URL are accepted, for page and API", async () => {
    const ask = async (target: string): Promise<string> =>
      raw(gateway.port, `GET ${target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
    for (const target of ['/?a=[1]|{2}^`"<>%&\\', '/requests/[1]|{2}^`"<>%\xc3\xa4\\']) {
      expect(await ask(target)).toMatch(/^HTTP\/1\.1 200 [^]*<title>/);
    }
    expect(await ask("/api/registrations?status=[PENDING]")).toMatch(/^HTTP\/1\.1 400 [^]*status/);
    // An encoded slash is part of an id, which is then invalid.
    expect(await ask("/api/registrations/4%2F2")).toMatch(/^HTTP\/1\.1 400 [^]*registration id/);
  });

  test.each([
    [
      "a name that is not this server's",
      "GET /api/health HTTP/1.1\r\nHost: evil.example\r\n\r\n",
      421,
      /--allow-host evil\.example/,
    ],
    ["an ill-formed host", "GET /api/health HTTP/1.1\r\nHost: a b\r\n\r\n", 421, /malformed/],
    [
      "another site's page",
      "POST /api/registrations/42/process HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: http://evil.example\r\n\r\n",
      403,
      /another site/,
    ],
  ])("%s", async (_name, bytes, status, detail) => {
    const answer = await raw(gateway.port, bytes);
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(answer).toMatch(/Content-Type: application\/problem\+json/);
    expect(answer).toMatch(detail);
  });

  test("bytes that are not HTTP get 400, and affect no other client", async () => {
    expect(await raw(gateway.port, "\x16\x03\x01 hello\r\n\r\n")).toMatch(/^HTTP\/1\.1 400 /);
    expect((await fetch(gateway.url("/api/health"))).status).toBe(200);
  });
});

describe("an operator's mistake at start is one clear line", () => {
  const fails = async (
    args: readonly string[],
    environment: NodeJS.ProcessEnv = {},
  ): Promise<{ code: number | null; log: string }> => {
    const child = regstream(["serve", ...args], environment);
    const code = await child.exited;
    return { code, log: child.log };
  };

  test("a port in use", async () => {
    const gateway = await Gateway.start();
    const { code, log } = await fails(["--port", String(gateway.port)]);
    await gateway.stop();
    expect(code).toBe(1);
    expect(log.trim().split("\n")).toHaveLength(1);
    expect(log).toMatch(/port .*--port/);
  });

  test("a required Redis that is not running", async () => {
    const port = await freePort();
    const { code, log } = await fails(["--port", "0", "--redis", `127.0.0.1:${port}`, "--require-redis"]);
    expect(code).toBe(1);
    expect(log.trim().split("\n")).toHaveLength(1);
    expect(log).toMatch(new RegExp(`127\\.0\\.0\\.1:${port}.*redis-server`));
  });

  test.each([
    [["--port", "http"], {}],
    [["--port", "70000"], {}],
    [["--ping-interval-ms", "0"], {}],
    [["--heartbeat-interval-ms", "0"], {}],
    [["--heartbeat-interval-ms", "60001"], {}],
    [["--redis", "localhost:port"], {}],
    [["--no-such-option"], {}],
    [["--allow-host", "http://bank.example"], {}],
    [["--allow-host", ""], {}],
    [["--port", "0"], { REDIS_HOST: "127.0.0.1", REDIS_PORT: "six" }],
  ])("a value out of range: %j %j", async (args, environment) => {
    const { code, log } = await fails(args, environment);
    expect(code).toBe(2);
    expect(log).toMatch(/port|ping|heartbeat|redis|option|allow-host|REDIS_PORT/i);
  });
});

/** Sends raw bytes; returns everything up to the end of the connection. */
async function raw(port: number, bytes: string): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  socket.write(bytes, "latin1");
  let answer = "";
  for await (const chunk of socket) answer += (chunk as Buffer).toString("latin1");
  return answer;
}
