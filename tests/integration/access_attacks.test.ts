import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { EventStream } from "../processes/event_stream.ts";
import { Gateway, regstream } from "../processes/gateway.ts";
import { RedisServer } from "../processes/redis.ts";
import { bearer, now, TokenKey, type Json, type Rights, writeJwks } from "../processes/tokens.ts";

const stream = "/api/registrations/updates/stream";
const of42: Rights = { subscribe: ["registration:42"] };
const everything: Rights = { subscribe: ["registration:*"], publish: ["registration:*"], inspect: true };

/** Makes a request; returns status, error code and the whole answer. */
async function ask(
  gateway: Gateway,
  path: string,
  init: RequestInit = {},
): Promise<{ status: number; error: string | undefined; text: string }> {
  const response = await fetch(gateway.url(path), init);
  const challenge = response.headers.get("WWW-Authenticate") ?? "";
  const text = response.headers.get("Content-Type") === "text/event-stream" ? "" : await response.text();
  if (text === "") await response.body?.cancel();
  return { status: response.status, error: /error="(\w+)"/.exec(challenge)?.[1], text: challenge + text };
}

function publish(gateway: Gateway, id: number, message: string, token: string): Promise<Response> {
  return fetch(gateway.url(`/api/registrations/${id}/updates`), {
    method: "POST",
    headers: { "Content-Type": "application/json", ...bearer(token) },
    body: JSON.stringify({ stage: "t24_lookup", message }),
  });
}

describe("tokens that are not valid", () => {
  const rsa = TokenKey.make("RS256");
  const ec = TokenKey.make("ES256");
  const other = TokenKey.make("RS256");
  const rules: Json = { iss: "https://issuer.example", aud: "regstream" };
  let gateway: Gateway;

  beforeAll(async () => {
    const issuer = ["--token-issuer", "https://issuer.example", "--token-audience", "regstream"];
    gateway = await Gateway.start({
      hasDemo: false,
      more: ["--token-jwks", writeJwks({ one: rsa, two: ec }), ...issuer],
    });
  });
  afterAll(async () => {
    await gateway.stop();
  });

  const good = (claims: Json = {}, header: Json = {}): string =>
    rsa.token(of42, { ...rules, ...claims }, { kid: "one", ...header });
  const part = (value: Json): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const payload = part({ ...rules, exp: now() + 600, regstream: everything });

  test.each<[string, string]>([
    ["one of either key", good()],
    ["one with an audience among others", good({ aud: ["payments", "regstream"] })],
    ["one that is within the leeway", good({ exp: now() - 10 })],
    ["one of the other key", ec.token(of42, rules, { kid: "two" })],
    ["an access token by its type", good({}, { typ: "at+jwt" })],
  ])("%s counts", async (_name, token) => {
    expect(await ask(gateway, `${stream}?registrationId=42`, { headers: bearer(token) })).toMatchObject({
      status: 200,
    });
  });

  test.each<[string, string]>([
    ["expired", good({ exp: now() - 31 })],
    ["without an end", good({ exp: undefined })],
    ["not yet valid", good({ nbf: now() + 300 })],
    ["of another audience", good({ aud: "payments" })],
    ["without an audience", good({ aud: undefined })],
    ["of another issuer", good({ iss: "https://evil.example" })],
    ["of an issuer that begins the same", good({ iss: "https://issuer.example.evil.example" })],
    ["of an unknown key", other.token(of42, rules, { kid: "one" })],
    ["unsigned", `${part({ alg: "none", typ: "JWT" })}.${payload}.`],
    ["said to be unsigned", good({}, { alg: "none" })],
    [
      "signed with the public key as a secret",
      ((text: string) => `${text}.${TokenKey.make("HS256").sign(text, rsa.material)}`)(
        `${part({ alg: "HS256", kid: "one" })}.${payload}`,
      ),
    ],
    ["of one key by the other's algorithm", good({}, { alg: "ES256" })],
    ["with a kid that is the other's", good({}, { kid: "two" })],
    ["with a kid that is a path", good({}, { kid: "../../../../dev/null" })],
    ["with a kid that is a command", good({}, { kid: "one'; DROP TABLE keys; --" })],
    ["with a kid that is not text", good({}, { kid: 1 })],
    ["with a kid that is long", good({}, { kid: "k".repeat(3000) })],
    ["with its own key", other.token(of42, rules, { jwk: other.jwk("one") })],
    ["with unknown extensions", good({}, { crit: ["b64"], b64: false })],
    ["with another's payload", good().replace(/\.[^.]+\./, `.${payload}.`)],
    ["cut off", good().slice(0, -2)],
    ["with a part more", `${good()}.x`],
    ["too large", good({ x: "x".repeat(9000) })],
    ["no token", "x"],
    ["with a claim of another shape", good({ regstream: ["registration:42"] })],
    [
      "with more ids than may be",
      good({ regstream: { subscribe: Array.from({ length: 101 }, (_, id) => `registration:${id + 1}`) } }),
    ],
  ])("a token that is %s gets 401, and is not quoted", async (_name, token) => {
    const answer = await ask(gateway, `${stream}?registrationId=42`, { headers: bearer(token) });
    expect(answer).toMatchObject({ status: 401, error: "invalid_token" });
    for (const secret of token.split(".").filter((text) => text.length > 10)) {
      expect(answer.text).not.toContain(secret);
      expect(gateway.log).not.toContain(secret);
    }
  });

  test("the cookie counts like the header", async () => {
    const cookie = (token: string): RequestInit => ({ headers: { Cookie: `theme=dark; __Host-regstream=${token}` } });
    expect(await ask(gateway, `${stream}?registrationId=42`, cookie(good()))).toMatchObject({ status: 200 });
    expect(await ask(gateway, `${stream}?registrationId=43`, cookie(good()))).toMatchObject({
      status: 403,
      error: "insufficient_scope",
    });
    expect(await ask(gateway, stream, cookie("x"))).toMatchObject({ status: 401, error: "invalid_token" });
  });

  test.each<[string, string, Record<string, string>]>([
    ["a field and a cookie", stream, { ...bearer(good()), Cookie: `__Host-regstream=${good()}` }],
    ["a field and a ticket", `${stream}?ticket=abc`, bearer(good())],
    ["a token in the URL", `${stream}?access_token=${good()}`, {}],
    ["a token in the URL, as Mercure had it", `${stream}?authorization=${good()}`, {}],
    ["a ticket for a path without a stream", "/api/health?ticket=abc", {}],
  ])("%s gets 400", async (_name, path, headers) => {
    const answer = await ask(gateway, path, { headers });
    expect(answer).toMatchObject({ status: 400, error: "invalid_request" });
    expect(answer.text).not.toContain(good().split(".")[1] ?? "");
  });
});

describe("tickets", () => {
  const key = TokenKey.make("HS256");
  const access = ["--token-secret", key.file()];
  const takeTicket = async (gateway: Gateway, token = key.token(of42)): Promise<string> => {
    const response = await fetch(gateway.url(`${stream}/tickets`), { method: "POST", headers: bearer(token) });
    expect(response.status).toBe(200);
    expect(response.headers.get("Cache-Control")).toBe("no-store");
    const { ticket, expiresInMs } = (await response.json()) as { ticket: string; expiresInMs: number };
    expect(expiresInMs).toBe(30_000);
    expect(ticket).toMatch(/^[\w-]{22}$/);
    return ticket;
  };
  const use = async (gateway: Gateway, ticket: string, query = ""): Promise<number> =>
    (await ask(gateway, `${stream}?ticket=${ticket}${query}`)).status;

  test("a ticket opens one stream of the embedded broker, with its token's rights", async () => {
    const gateway = await Gateway.start({ hasDemo: false, more: access });
    const ticket = await takeTicket(gateway);
    expect(await use(gateway, ticket, "&registrationId=42")).toBe(200);
    expect(await ask(gateway, `${stream}?ticket=${ticket}`)).toMatchObject({ status: 401, error: "invalid_token" });
    expect(await use(gateway, await takeTicket(gateway), "&registrationId=43")).toBe(403);
    expect(await use(gateway, "A".repeat(22))).toBe(401);
    expect(await use(gateway, "")).toBe(401);
    const another = await takeTicket(gateway);
    expect((await ask(gateway, `${stream}/tickets?ticket=${another}`, { method: "POST" })).status).toBe(400);
    expect(gateway.log).not.toContain(ticket);
    await gateway.stop();
  });

  test("a ticket that is used on two gateways at once opens one stream", async () => {
    const redis = await RedisServer.start();
    const gateways = await Promise.all(
      [1, 2].map(() => Gateway.start({ hasDemo: false, redis: redis.address, more: access })),
    );
    const [first, second] = gateways;
    if (first === undefined || second === undefined) throw new Error("no gateways");
    const attempts = Array.from({ length: 20 }, async () => {
      const ticket = await takeTicket(first);
      return (await Promise.all([use(first, ticket), use(second, ticket)])).sort();
    });
    for (const statuses of await Promise.all(attempts)) expect(statuses).toEqual([200, 401]);

    const client = redis.connect();
    const ticket = await takeTicket(first);
    const stored = await Promise.all((await client.keys("*")).map(async (name) => name + (await client.dump(name))));
    expect(stored.join()).not.toContain(ticket);
    expect(await use(second, ticket)).toBe(200);
    await client.quit();

    const late = await takeTicket(first);
    await redis.kill();
    await expect.poll(() => use(first, late), { timeout: 10_000 }).toBe(503);
    await Promise.all(gateways.map((gateway) => gateway.stop("SIGKILL")));
  });
});

describe("streams of guarded updates", () => {
  const key = TokenKey.make("ES256");
  const publisher = key.token(everything);

  /** A stream's bytes up to `last`, without ids and times. */
  const bytesUntil = async (gateway: Gateway, last: string): Promise<() => Promise<string>> => {
    const response = await fetch(gateway.url(stream), { headers: bearer(key.token(of42)) });
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    if (reader === undefined) throw new Error("no body");
    let text = "";
    const readUntil = async (mark: string): Promise<void> => {
      while (!text.includes(mark)) text += (await reader.read()).value ?? "";
    };
    await readUntil("connected");
    return async () => {
      await readUntil(last);
      await reader.cancel();
      return text.replaceAll(/\d{13}(-\d+)?/g, "N");
    };
  };

  test("an update that a token doesn't allow leaves no trace", async () => {
    const heard = await Promise.all(
      [false, true].map(async (hasHidden) => {
        const gateway = await Gateway.start({ hasDemo: false, more: ["--token-key", key.file()] });
        const rest = await bytesUntil(gateway, "three");
        for (const message of ["one", "two", "three"]) {
          for (const id of hasHidden ? [41, 43, 999_999] : [])
            expect((await publish(gateway, id, "hidden", publisher)).status).toBe(201);
          expect((await publish(gateway, 42, message, publisher)).status).toBe(201);
        }
        const bytes = await rest();
        await gateway.stop();
        return bytes;
      }),
    );
    expect(heard[1]).toBe(heard[0]);
    expect(heard[0]).toContain("two");
  });

  test("a cursor of another client's stream replays nothing of theirs", async () => {
    const gateway = await Gateway.start({ hasDemo: false, more: ["--token-key", key.file()] });
    const publishedIds: string[] = [];
    for (const id of [43, 42, 43, 42]) {
      const response = await publish(gateway, id, `of ${id}`, publisher);
      publishedIds.push(((await response.json()) as { id: string }).id);
    }
    const [foreign = ""] = publishedIds;
    const replayed = await EventStream.open(gateway.url(stream), {
      ...bearer(key.token(of42)),
      "Last-Event-ID": foreign,
    });
    expect(await replayed.next()).toMatchObject({ type: "connected" });
    expect((await replayed.nextUpdate()).message).toBe("of 42");
    expect((await replayed.nextUpdate()).message).toBe("of 42");
    await publish(gateway, 43, "hidden", publisher);
    await publish(gateway, 42, "last", publisher);
    expect((await replayed.nextUpdate()).message).toBe("last");
    replayed.close();
    await gateway.stop();
  });

  test("a stream announces that its token expires, and ends with it", async () => {
    const gateway = await Gateway.start({ hasDemo: false, more: ["--token-key", key.file(), "--token-leeway-s", "0"] });
    const token = key.token(of42, { exp: Date.now() / 1000 + 2 });
    const ending = await EventStream.open(gateway.url(stream), bearer(token));
    expect(await ending.next()).toMatchObject({ type: "connected" });
    expect(await ending.next()).toMatchObject({ type: "token_expiring", expiresInMs: expect.any(Number) as number });
    await expect(ending.next()).rejects.toThrow("the stream ended");
    expect(await ask(gateway, stream, { headers: bearer(token) })).toMatchObject({
      status: 401,
      error: "invalid_token",
    });
    await gateway.stop();
  });
});

describe("a key that is withdrawn", () => {
  const old = TokenKey.make("ES256");
  const kept = TokenKey.make("RS256");
  const oldToken = old.token(of42, {}, { kid: "old" });
  const keptToken = kept.token(everything, {}, { kid: "kept" });

  /** Withdraws the old key, and expects only its stream to end. */
  const expectEnd = async (gateway: Gateway, withdraw: () => void): Promise<void> => {
    const ending = await EventStream.open(gateway.url(stream), bearer(oldToken));
    const staying = await EventStream.open(gateway.url(stream), bearer(keptToken));
    expect(await ending.next()).toMatchObject({ type: "connected" });
    withdraw();
    process.kill(gateway.pid ?? 0, "SIGHUP");
    await expect(ending.next()).rejects.toThrow("the stream ended");
    expect(await ask(gateway, stream, { headers: bearer(oldToken) })).toMatchObject({
      status: 401,
      error: "invalid_token",
    });
    expect((await publish(gateway, 42, "still here", keptToken)).status).toBe(201);
    expect((await staying.nextUpdate()).message).toBe("still here");
    staying.close();
  };

  test("from its file: the streams that it opened end", async () => {
    const file = writeJwks({ old, kept });
    const gateway = await Gateway.start({ hasDemo: false, more: ["--token-jwks", file] });
    await expectEnd(gateway, () => writeJwks({ kept }, file));
    writeFileSync(file, "{");
    process.kill(gateway.pid ?? 0, "SIGHUP");
    await gateway.untilLog(/jwks\.json/);
    expect(await ask(gateway, stream, { headers: bearer(keptToken) })).toMatchObject({ status: 200 });
    await gateway.stop();
  });

  test("from its URL: they end as well", async () => {
    let keys: Readonly<Record<string, TokenKey>> = { old, kept };
    const issuer = createServer((_request, response) => {
      response.writeHead(200, { "Content-Type": "application/jwk-set+json" });
      response.end(JSON.stringify({ keys: Object.entries(keys).map(([id, key]) => key.jwk(id)) }));
    });
    await new Promise<void>((resolve) => issuer.listen(0, "127.0.0.1", resolve));
    const gateway = await Gateway.start({
      hasDemo: false,
      more: ["--token-jwks", `http://127.0.0.1:${(issuer.address() as AddressInfo).port}/keys`],
    });
    await expectEnd(gateway, () => (keys = { kept }));
    await gateway.stop();
    await new Promise((resolve) => issuer.close(resolve));
  });
});

test.each([
  ["a file that is not there", ["--token-key", "/nowhere/key"], 1, /\/nowhere\/key/],
  ["keys by plain HTTP", ["--token-jwks", "http://issuer.example/keys"], 1, /https/],
  ["a key and --open", ["--token-key", "/nowhere/key", "--open"], 2, /one of them/],
  ["a leeway of an hour", ["--token-leeway-s", "3600"], 2, /--token-leeway-s/],
])("a gateway with %s does not start", async (_name, args, code, why) => {
  const child = regstream(["serve", "--port", "0", ...args]);
  expect(await child.exited).toBe(code);
  expect(child.log).toMatch(why);
});
