// The log has a line for each answer, and no text of a client.
import { request } from "node:http";
import { connect } from "node:net";

import { expect, test } from "vitest";

import { EventStream } from "../processes/event_stream.ts";
import { readExposition, sum } from "../processes/exposition.ts";
import { Gateway } from "../processes/gateway.ts";
import { bearer, now, TokenKey } from "../processes/tokens.ts";

const stream = "/api/registrations/updates/stream";
const updates = "/api/registrations/{id}/updates";
const cookieName = "regstream-token";
const key = TokenKey.make("ES256");

/** Texts that must appear nowhere: an id, a person, an address, and a client's own fields and queries. */
const own = {
  id: 987_654_321,
  name: "Abebe Bikila",
  phone: "+251911223344",
  address: "203.0.113.77",
  field: "field-4711",
  cookie: "cookie-4711",
  query: "query-4711",
};
const rights = { subscribe: [`registration:${own.id}`], publish: [`registration:${own.id}`] };
const token = key.token(rights);
const personal = JSON.stringify({ status: "PENDING", message: own.name, details: { phone: own.phone } });

interface Answer {
  readonly status: number | undefined;
  readonly text: string;
}

/** Makes a request on its own connection, with fields that `fetch` would not send. */
function ask(
  gateway: Gateway,
  method: string,
  path: string,
  fields: Readonly<Record<string, string>> = {},
  body = "",
): Promise<Answer> {
  const said = {
    "User-Agent": own.field,
    "X-Forwarded-For": own.address,
    "Content-Type": "application/json",
    Connection: "close",
  };
  return new Promise((resolve, reject) => {
    const asked = request(
      { host: "127.0.0.1", port: gateway.port, method, path, headers: { ...said, ...fields }, agent: false },
      (answer) => {
        let text = "";
        answer.setEncoding("utf8").on("data", (part: string) => (text += part));
        answer.on("end", () => resolve({ status: answer.statusCode, text }));
      },
    );
    asked.on("error", reject);
    asked.end(body);
  });
}

/** Sends something other than HTTP, and reads to the end. */
function sendBytes(gateway: Gateway, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    const socket = connect(gateway.port, "127.0.0.1", () => socket.write(bytes));
    socket.on("data", (part) => (text += part.toString("latin1")));
    socket.on("end", () => {
      socket.end();
      resolve(text);
    });
    socket.on("error", reject);
  });
}

type Line = Readonly<Record<string, string | number>>;
const events = new Set(["request", "request cut off", "stream opened", "stream ended"]);

const readers: Readonly<Record<string, (line: string) => Line>> = {
  json: (line) => {
    const { event, method, route, status, reason, bytes, duration_ms } = JSON.parse(line) as Line &
      Record<string, string | number>;
    return { event, method, route, status, reason, bytes, duration_ms } as Line;
  },
  text: (line) => {
    const [, event = "", rest = ""] = /^\S+ info ([a-z ]+?)((?: \w+=\S+)+)$/.exec(line) ?? [];
    const fields = [...rest.matchAll(/(\w+)=(\S+)/g)].map(
      ([, name = "", value = ""]) => [name, /^\d+$/.test(value) ? Number(value) : value] as const,
    );
    return { event, ...Object.fromEntries(fields) };
  },
};

/** The lines about requests, without their numbers, which must exist. */
function requestLines(log: string, format: string): string[] {
  const lines = log.split("\n").filter((line) => line !== "" && !line.startsWith("regstream: "));
  const read = lines.map((line) => readers[format]?.(line) ?? {}).filter(({ event }) => events.has(String(event)));
  return read.map(({ event = "", method, route = "", status, reason, bytes, duration_ms }) => {
    if (event !== "stream opened") {
      expect(bytes).toBeGreaterThan(100);
      expect(duration_ms).toBeGreaterThanOrEqual(0);
    }
    return [event, method, route, status, reason].filter((part) => part !== undefined).join(" ");
  });
}

test.each(["text", "json"])("each answer has its line in a log as %s, without any text of a client", async (format) => {
  const gateway = await Gateway.start({
    hasDemo: false,
    more: [
      "--log-requests",
      "--log-level",
      "info",
      "--log-format",
      format,
      "--token-key",
      key.file(),
      "--token-cookie",
      cookieName,
      "--token-leeway-s",
      "0",
    ],
  });
  const statusOf = async (...asked: [string, string, Record<string, string>?, string?]): Promise<number | undefined> =>
    (await ask(gateway, ...asked)).status;
  const update = `/api/registrations/${own.id}/updates`;

  expect(await statusOf("POST", update, bearer(token), personal)).toBe(201);
  expect(await statusOf("POST", update, { Cookie: `other=${own.cookie}; ${cookieName}=${token}` }, personal)).toBe(201);
  expect(await statusOf("POST", update, bearer(token), `{"message":"${own.name}`)).toBe(400);
  expect(await statusOf("POST", `/api/registrations/${own.id}1/updates`, bearer(token), personal)).toBe(403);
  expect(await statusOf("POST", update, bearer(key.token(rights, { exp: now() - 100 })), personal)).toBe(401);
  expect(await statusOf("PUT", update, bearer(token), personal)).toBe(405);
  expect(await statusOf("GET", `/${own.id}?name=${own.query}`)).toBe(404);
  expect(await statusOf("GET", `${stream}?registrationId=${own.query}`, bearer(token))).toBe(400);
  expect(await statusOf("HEAD", `${stream}?registrationId=${own.id}`, bearer(token))).toBe(200);
  expect(await statusOf("GET", update, { Host: `${own.field}.example` })).toBe(421);
  expect(await statusOf("GET", "/livez", { "X-Long": own.field.repeat(2_000) })).toBe(431);
  expect(await sendBytes(gateway, `${own.name}\r\n\r\n`)).toMatch(/^HTTP\/1\.1 400 /);

  const given = await ask(gateway, "POST", `${stream}/tickets`, bearer(token));
  const { ticket } = JSON.parse(given.text) as { ticket: string };
  const byTicket = `${stream}?registrationId=${own.id}&ticket=${ticket}`;
  const leaving = await EventStream.open(gateway.url(byTicket), { "Last-Event-ID": own.field });
  expect(await leaving.next()).toMatchObject({ type: "connected" });
  leaving.close();
  expect(await statusOf("GET", byTicket)).toBe(401);
  const expiring = await EventStream.open(gateway.url(stream), {
    Cookie: `${cookieName}=${key.token(rights, { exp: Date.now() / 1000 + 2 })}`,
  });
  while ((await expiring.next().catch(() => undefined)) !== undefined);
  const staying = await EventStream.open(gateway.url(stream), bearer(token));
  expect(await staying.next()).toMatchObject({ type: "connected" });
  await gateway.untilLog(/client_left/);

  const metrics = await ask(gateway, "GET", "/metrics", bearer(key.token({ inspect: true })));
  const counted = (status: string): number =>
    sum(readExposition(metrics.text), "regstream_http_responses_total", { status });
  expect(
    ["200", "201", "400", "401", "403", "404", "405", "421", "431"].map((status) => [status, counted(status)]),
  ).toEqual([
    ["200", 5], // One of them gave the ticket.
    ["201", 2],
    ["400", 3],
    ["401", 2],
    ["403", 1],
    ["404", 1],
    ["405", 1],
    ["421", 1],
    ["431", 1],
  ]);
  expect(await gateway.stop("SIGTERM")).toBe(0);

  for (const word of [
    token,
    ticket,
    key.material.toString(),
    String(own.id),
    "Abebe",
    own.phone,
    own.address,
    own.field,
    own.cookie,
    own.query,
    "Bearer",
  ]) {
    expect(gateway.log).not.toContain(word);
  }
  expect(requestLines(gateway.log, format).sort()).toEqual(
    [
      `request POST ${updates} 201`,
      `request POST ${updates} 201`,
      `request POST ${updates} 400`,
      `request POST ${updates} 403`,
      `request POST ${updates} 401`,
      `request PUT ${updates} 405`,
      "request GET none 404",
      `request GET ${stream} 400`,
      `request HEAD ${stream} 200`,
      "request GET none 421",
      "request GET none 431",
      "request unknown none 400",
      `request POST ${stream}/tickets 200`,
      `request GET ${stream} 401`,
      "request GET /metrics 200",
      ...Array<string>(3).fill(`stream opened GET ${stream} 200`),
      `stream ended ${stream} client_left`,
      `stream ended ${stream} token_expired`,
      `stream ended ${stream} shutdown`,
    ].sort(),
  );
});
