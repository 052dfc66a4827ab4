import { expect, test } from "vitest";

import { EventStream } from "../processes/event_stream.ts";
import { readExposition, sum } from "../processes/exposition.ts";
import { Gateway } from "../processes/gateway.ts";
import { bearer, TokenKey } from "../processes/tokens.ts";

const key = TokenKey.make("ES256");
const rights = { subscribe: ["registration:*"], publish: ["registration:*"], inspect: true };
const stream = "/api/registrations/updates/stream";

function start(...more: string[]): Promise<Gateway> {
  return Gateway.start({ hasDemo: false, more: ["--token-key", key.file(), ...more] });
}

async function refusals(gateway: Gateway, token: string, reason: string): Promise<number> {
  const response = await fetch(gateway.url("/metrics"), { headers: bearer(token) });
  return sum(readExposition(await response.text()), "regstream_token_limit_refusals_total", { reason });
}

test("each token has its own limit of concurrent streams", async () => {
  const gateway = await start("--streams-per-token", "1");
  const [one, other] = [key.token(rights, { jti: "1" }), key.token(rights, { jti: "2" })];
  const first = await EventStream.open(gateway.url(stream), bearer(one));
  const refused = await fetch(gateway.url(stream), { headers: bearer(one) });
  expect([refused.status, refused.headers.get("Retry-After"), refused.headers.get("Content-Type")]).toEqual([
    429,
    "1",
    "application/problem+json",
  ]);
  expect(await refused.text()).not.toContain(one);
  (await EventStream.open(gateway.url(stream), bearer(other))).close();
  expect(await refusals(gateway, other, "streams")).toBe(1);
  first.close();
  // The gateway notices the end with some delay.
  await expect
    .poll(
      async () =>
        (await fetch(gateway.url(stream), { method: "GET", headers: bearer(one), signal: AbortSignal.timeout(5_000) }))
          .status,
    )
    .toBe(200);
});

test("each token has its own rate of updates, and a refusal says when to retry", async () => {
  const gateway = await start("--publish-rate", "1");
  const [one, other] = [key.token(rights, { jti: "1" }), key.token(rights, { jti: "2" })];
  const publish = (token: string): Promise<Response> =>
    fetch(gateway.url("/api/registrations/42/updates"), {
      method: "POST",
      headers: { ...bearer(token), "Content-Type": "application/json" },
      body: JSON.stringify({ stage: "t24_lookup", message: "Looking up" }),
    });
  // More at once than the rate allows, even on a slow machine.
  const answers = await Promise.all(Array.from({ length: 50 }, () => publish(one)));
  expect(answers.filter(({ status }) => status === 201).length).toBeGreaterThan(0);
  const refused = answers.filter(({ status }) => status === 429);
  expect(refused.length).toBeGreaterThan(0);
  expect(new Set(refused.map(({ headers }) => headers.get("Retry-After")))).toEqual(new Set(["1"]));
  expect((await publish(other)).status).toBe(201);
  expect(await refusals(gateway, other, "updates")).toBe(refused.length);
});
