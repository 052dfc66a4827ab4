import { copyFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { request } from "node:http";
import { connect } from "node:tls";

import { afterEach, describe, expect, test } from "vitest";

import { type Certificate, CertificateAuthority } from "../processes/certificates.ts";
import { EventStream } from "../processes/event_stream.ts";
import { readExposition, sum } from "../processes/exposition.ts";
import { Gateway } from "../processes/gateway.ts";
import { bearer, TokenKey, writeJwks } from "../processes/tokens.ts";

// Things that a process has once, for streams on all its threads: limits, tickets, keys, certificates.

const threads = ["--threads", "4"];
const stream = "/api/registrations/updates/stream";
const rights = { subscribe: ["registration:*"], publish: ["registration:*"], inspect: true };
const many = 24;

const answers: IncomingMessage[] = [];
afterEach(() => {
  for (const answer of answers.splice(0)) answer.destroy();
});

/** The head of an answer whose body stays open, on its own connection. */
function ask(gateway: Gateway, path: string, headers: Record<string, string> = {}): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request(gateway.url(path), { headers, agent: false })
      .on("response", (response) => {
        response.on("error", () => undefined);
        answers.push(response);
        resolve(response);
      })
      .on("error", reject)
      .end();
  });
}

const statuses = async (asked: Iterable<Promise<IncomingMessage>>): Promise<number[]> =>
  (await Promise.all(asked)).map(({ statusCode }) => statusCode ?? 0).sort();

const times = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index));
const split = (first: number, firstStatus: number, others: number, status: number): number[] => [
  ...times(first, () => firstStatus),
  ...times(others, () => status),
];

describe("limits are those of the process", () => {
  test("streams in all, at their edge", async () => {
    const gateway = await Gateway.start({ hasDemo: false, more: [...threads, "--streams-max", "7"] });
    expect(await statuses(times(many, () => ask(gateway, stream)))).toEqual(split(7, 200, many - 7, 503));
    const metrics = readExposition(await (await fetch(gateway.url("/metrics"))).text());
    expect(sum(metrics, "regstream_streams")).toBe(7);
    expect(sum(metrics, "regstream_streams_max")).toBe(7);
    expect(sum(metrics, "regstream_streams_refused_total", { reason: "full" })).toBe(many - 7);
    // One ends and another comes, on any thread.
    answers.find(({ statusCode }) => statusCode === 200)?.destroy();
    await expect.poll(async () => (await ask(gateway, stream)).statusCode).toBe(200);
    expect(await statuses(times(many, () => ask(gateway, stream)))).toEqual(times(many, () => 503));
  });

  test("streams of one token", async () => {
    const key = TokenKey.make("ES256");
    const gateway = await Gateway.start({
      hasDemo: false,
      more: [...threads, "--token-key", key.file(), "--streams-per-token", "5"],
    });
    const [one, other] = [key.token(rights, { jti: "1" }), key.token(rights, { jti: "2" })];
    expect(await statuses(times(many, () => ask(gateway, stream, bearer(one))))).toEqual(split(5, 200, many - 5, 429));
    expect(await statuses(times(many, () => ask(gateway, stream, bearer(other))))).toEqual(
      split(5, 200, many - 5, 429),
    );
  });

  test("streams of one address", async () => {
    const gateway = await Gateway.start({
      hasDemo: false,
      more: [...threads, "--open", "--trusted-proxy", "127.0.0.1", "--connections-per-client", "3"],
    });
    const found: (number | undefined)[] = [];
    for (let asked = 0; asked < many; asked += 1)
      found.push((await ask(gateway, stream, { "X-Forwarded-For": "192.0.2.1" })).statusCode);
    expect(found).toEqual(split(3, 200, many - 3, 429));
    expect((await ask(gateway, stream, { "X-Forwarded-For": "192.0.2.2" })).statusCode).toBe(200);
  });

  test("updates of one token in a second", async () => {
    const key = TokenKey.make("ES256");
    const gateway = await Gateway.start({
      hasDemo: false,
      more: [...threads, "--token-key", key.file(), "--publish-rate", "1"],
    });
    const token = key.token(rights, { jti: "1" });
    const publish = (): Promise<Response> =>
      fetch(gateway.url("/api/registrations/42/updates"), {
        method: "POST",
        headers: { ...bearer(token), "Content-Type": "application/json" },
        body: JSON.stringify({ stage: "t24_lookup", message: "Looking up" }),
      });
    const found = (await Promise.all(times(50, publish))).map(({ status }) => status);
    const refused = found.filter((status) => status === 429).length;
    expect(refused).toBeGreaterThan(0);
    expect(found.filter((status) => status === 201)).toHaveLength(50 - refused);
    const metrics = await fetch(gateway.url("/metrics"), { headers: bearer(token) });
    expect(
      sum(readExposition(await metrics.text()), "regstream_token_limit_refusals_total", { reason: "updates" }),
    ).toBe(refused);
  });
});

test("a ticket opens one stream, on any thread", async () => {
  const key = TokenKey.make("ES256");
  const gateway = await Gateway.start({ hasDemo: false, more: [...threads, "--token-key", key.file()] });
  const token = bearer(key.token(rights));
  for (let round = 0; round < 5; round += 1) {
    const given = await fetch(gateway.url(`${stream}/tickets`), { method: "POST", headers: token });
    const { ticket } = (await given.json()) as { ticket: string };
    expect(await statuses(times(12, () => ask(gateway, `${stream}?ticket=${ticket}`)))).toEqual(split(1, 200, 11, 401));
  }
  // Every thread counts its refusals.
  const metrics = readExposition(await (await fetch(gateway.url("/metrics"), { headers: token })).text());
  expect(sum(metrics, "regstream_token_denials_total", { reason: "invalid_ticket" })).toBe(55);
});

test("a withdrawn key ends exactly its streams, on all threads", async () => {
  const [kept, withdrawn] = [TokenKey.make("ES256"), TokenKey.make("ES256")];
  const keys = writeJwks({ kept, withdrawn });
  const gateway = await Gateway.start({ hasDemo: false, more: [...threads, "--token-jwks", keys] });
  const openWith = (key: TokenKey, kid: string): Promise<EventStream[]> =>
    Promise.all(times(many, () => EventStream.open(gateway.url(stream), bearer(key.token(rights, {}, { kid })))));
  const [staying, ending] = [await openWith(kept, "kept"), await openWith(withdrawn, "withdrawn")];
  writeJwks({ kept }, keys);
  gateway.signal("SIGHUP");
  for (const one of ending) await expect(one.nextUpdate()).rejects.toThrow("the stream ended");
  const token = kept.token(rights, {}, { kid: "kept" });
  await fetch(gateway.url("/api/registrations/42/updates"), {
    method: "POST",
    headers: { ...bearer(token), "Content-Type": "application/json" },
    body: JSON.stringify({ stage: "t24_lookup", message: "for who has stayed" }),
  });
  for (const one of staying) {
    expect(await one.nextUpdate()).toMatchObject({ message: "for who has stayed" });
    one.close();
  }
  const refused = await ask(gateway, stream, bearer(withdrawn.token(rights, {}, { kid: "withdrawn" })));
  expect(refused.statusCode).toBe(401);
});

test("all threads use reloaded certificates", async () => {
  const authority = new CertificateAuthority();
  const [first, second] = [authority.issue(), authority.issue()];
  const files: Certificate = authority.issue();
  const put = ({ certFile, keyFile }: Certificate): void => {
    copyFileSync(certFile, files.certFile);
    copyFileSync(keyFile, files.keyFile);
  };
  put(first);
  const gateway = await Gateway.start({ hasDemo: false, certificate: files, more: threads });
  const shown = (): Promise<string> =>
    new Promise((resolve, reject) => {
      const socket = connect(
        { port: gateway.port, host: "127.0.0.1", ca: authority.cert, servername: "localhost" },
        () => {
          resolve(socket.getPeerCertificate().serialNumber);
          socket.destroy();
        },
      ).on("error", reject);
    });
  const before = new Set(await Promise.all(times(many, shown)));
  expect(before.size).toBe(1);
  put(second);
  gateway.signal("SIGHUP");
  await gateway.untilLog(/reloaded the certificates/);
  const after = new Set(await Promise.all(times(many, shown)));
  expect(after.size).toBe(1);
  expect(after).not.toEqual(before);
});
