// A Redis with full memory under each maxmemory-policy behaves as docs/redis/memory.md says.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import type { Redis } from "ioredis";
import { createPublisher } from "regstream/publisher";
import { afterEach, expect, test } from "vitest";

import { readExposition, type Sample } from "../processes/exposition.ts";
import { Gateway } from "../processes/gateway.ts";
import { HeardStream } from "../processes/heard_stream.ts";
import { historyKey, RedisServer } from "../processes/redis.ts";

interface Policy {
  readonly policy: string;
  /** Whether updates are refused while memory is full of other keys, without and with expiry. */
  readonly refusesBesideLasting: boolean;
  readonly refusesBesideExpiring: boolean;
  readonly evictsHistory: boolean;
  readonly evictsKeys: boolean;
}

const page = readFileSync(fileURLToPath(new URL("../../docs/redis/memory.md", import.meta.url)), "utf8");
const policies = [
  ...page.matchAll(/^\| `([a-z-]+)` \| (refuses|takes) \| (refuses|takes) \| (stays|may go) \| (stay|may go) \|$/gm),
].map(
  ([, policy = "", lasting, expiring, history, keys]): Policy => ({
    policy,
    refusesBesideLasting: lasting === "refuses",
    refusesBesideExpiring: expiring === "refuses",
    evictsHistory: history === "may go",
    evictsKeys: keys === "may go",
  }),
);

/** One registration's publisher: its updates are numbered, in its own order. */
const numbered = 42;
const posted = 7;
const room = 2 * 2 ** 20;

const endings: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

const until = async (isSo: () => Promise<boolean> | boolean): Promise<void> => {
  while (!(await isSo())) await new Promise((resolve) => setImmediate(resolve));
};

/** A Redis under that policy, without a limit yet; a gateway; and a stream of it. */
async function start(
  policy: string,
): Promise<{ redis: RedisServer; operator: Redis; gateway: Gateway; reader: HeardStream }> {
  const { redis, operator } = await startRedis();
  await operator.config("SET", "maxmemory-policy", policy);
  const gateway = await Gateway.start({ redis: redis.address, hasDemo: false });
  endings.push(() => gateway.stop("SIGKILL"));
  await until(async () => (await fetch(gateway.url("/readyz"))).status === 200);
  const reader = await HeardStream.open(gateway.url("/api/registrations/updates/stream"));
  endings.push(() => reader.close());
  return { redis, operator, gateway, reader };
}

async function startRedis(): Promise<{ redis: RedisServer; operator: Redis }> {
  const redis = await RedisServer.start();
  endings.push(() => redis.stop());
  return { redis, operator: connect(redis) };
}

function connect(redis: RedisServer): Redis {
  const client = redis.connect();
  endings.push(() => client.disconnect());
  return client;
}

async function post(
  gateway: Gateway,
  message: string,
  key?: string,
): Promise<{ status: number; id: string | undefined }> {
  const answer = await fetch(gateway.url(`/api/registrations/${posted}/updates`), {
    method: "POST",
    headers: { "content-type": "application/json", ...(key === undefined ? {} : { "idempotency-key": key }) },
    body: JSON.stringify({ stage: "t24_lookup", message }),
  });
  return { status: answer.status, id: ((await answer.json()) as { id?: string }).id };
}

/** Sets the limit relative to its current use, in bytes. */
async function limitMemory(operator: Redis, more: number): Promise<void> {
  const used = Number(/^used_memory:(\d+)/m.exec(await operator.info("memory"))?.[1]);
  await operator.config("SET", "maxmemory", used + more);
}

/**
 * Writes another program's keys, twice as many as fit. Calls `beside` after every few. Returns how many were refused.
 */
async function fill(operator: Redis, expires: boolean, beside: (turn: number) => void): Promise<number> {
  const value = "x".repeat(8_000);
  let refused = 0;
  for (let turn = 0; turn < 25; ++turn) {
    beside(turn);
    const batch = operator.pipeline();
    for (let index = 0; index < 20; ++index) {
      if (expires) batch.set(`other:${turn}:${index}`, value, "EX", 3600);
      else batch.set(`other:${turn}:${index}`, value);
    }
    refused += ((await batch.exec()) ?? []).filter(([error]) => error?.message.startsWith("OOM")).length;
  }
  return refused;
}

async function empty(operator: Redis): Promise<void> {
  const keys = await operator.keys("other:*");
  if (keys.length > 0) await operator.unlink(...keys);
}

async function resetCauses(gateway: Gateway): Promise<string[]> {
  const families = readExposition(await (await fetch(gateway.url("/metrics"))).text());
  const samples: readonly Sample[] = families.get("regstream_stream_resets_total")?.samples ?? [];
  return samples.filter(({ value }) => value > 0).map(({ labels }) => labels["cause"] ?? "");
}

/**
 * The numbered updates that were missed without a reset: no reset came between the last received update and a later
 * one.
 */
function untold({ heard }: HeardStream, last: number): number[] {
  const lastReset = heard.map(({ text }) => text).lastIndexOf("reset");
  const numbers = heard.map(({ registration, text }) => (registration === numbered ? Number(text) : undefined));
  return Array.from({ length: last + 1 }, (_, number) => number).filter((number) => {
    if (numbers.includes(number)) return false;
    const later = numbers.findIndex((one) => one !== undefined && one > number);
    const before = numbers
      .slice(0, later)
      .map((one) => one !== undefined && one < number)
      .lastIndexOf(true);
    return lastReset < before;
  });
}

/**
 * Nothing was doubled. Nothing came out of order, except updates of a lost history that a gateway brought into the next
 * one.
 */
function judge({ heard, resets }: HeardStream): void {
  expect(
    new Set(heard.map(({ registration, text }, index) => (text === "reset" ? index : `${registration} ${text}`))).size,
  ).toBe(heard.length);
  const numbers = heard.filter(({ registration }) => registration === numbered).map(({ text }) => Number(text));
  if (resets === 0) expect(numbers).toEqual([...numbers].sort((left, right) => left - right));
}

test("the page has every policy that Redis knows", async () => {
  const { operator } = await startRedis();
  const refusal = await operator.config("SET", "maxmemory-policy", "none").then(String, String);
  const known = /one of the following: (.*)$/.exec(refusal)?.[1]?.split(", ");
  expect(policies.map(({ policy }) => policy).sort()).toEqual(known?.sort());
});

const pressures = policies.flatMap((one) => [
  { ...one, expires: false, refuses: one.refusesBesideLasting, keys: "don't expire" },
  { ...one, expires: true, refuses: one.refusesBesideExpiring, keys: "expire" },
]);

test.each(pressures)(
  "under $policy, beside keys that $keys, nothing is doubled, and nothing is lost without a reset",
  async ({ policy, expires, refuses, evictsHistory }) => {
    const { redis, operator, gateway, reader } = await start(policy);
    const publisher = createPublisher(connect(redis), { onTrouble: () => undefined });
    let count = 0;
    const publish = (): Promise<unknown> =>
      publisher.publish({ registrationId: numbered, status: "PENDING", message: String(count++) });
    await publish();
    await reader.until(() => reader.has("0"));

    await limitMemory(operator, room);
    const publishes: Promise<unknown>[] = [];
    const refused = await fill(operator, expires, () => {
      for (let index = 0; index < 5; ++index) publishes.push(publish());
    });
    expect(refused > 0).toBe(refuses);
    if (refuses) {
      await limitMemory(operator, -room / 4); // No buffer that Redis frees makes room again.
      expect((await post(gateway, "refused")).status).toBe(503);
      const waits = publish();
      publishes.push(waits);
      expect(await Promise.race([waits, new Promise((resolve) => setTimeout(resolve, 100, "waits"))])).toBe("waits");
      expect(await (await fetch(gateway.url("/readyz"))).json()).toMatchObject({
        status: 503,
        detail: expect.stringContaining("OOM"),
      });
      await empty(operator);
      await Promise.all(publishes);
      await until(async () => (await fetch(gateway.url("/readyz"))).status === 200);
      expect(gateway.log).toMatch(/takes no updates for now: it has no memory left: raise maxmemory \(OOM\)/);
    } else {
      await Promise.all(publishes);
      expect((await post(gateway, "posted")).status).toBe(201);
      await empty(operator);
    }
    // After a reset, updates published before it are not shown.
    const isHeard = (): boolean => reader.has(String(count - 1));
    while (!isHeard()) {
      const { resets } = reader;
      await publish();
      await reader.until(() => isHeard() || reader.resets > resets);
    }
    expect(reader.has("refused")).toBe(false);
    await reader.until(() => untold(reader, count - 1).length === 0);
    judge(reader);
    if (!evictsHistory) expect(reader.resets).toBe(0);
    expect(await resetCauses(gateway)).toEqual(reader.resets > 0 ? ["newHistory"] : []);
  },
);

test.each(policies)(
  "under $policy, what may be evicted is, and no more",
  async ({ policy, evictsHistory, evictsKeys }) => {
    const { operator, gateway, reader } = await start(policy);
    const evicts = evictsHistory || evictsKeys;
    const warning = `evicts keys when its memory is full (maxmemory-policy ${policy})`;
    const before = await post(gateway, "before", "a key");
    await reader.until(() => reader.has("before"));
    expect(before.status).toBe(201);
    expect((await post(gateway, "before", "a key")).id).toBe(before.id);
    if (evicts) await gateway.untilLog(new RegExp(warning.replace(/[()]/g, "\\$&")));
    else expect(gateway.log).not.toContain(warning);

    // As if other programs needed all the memory: everything that the policy may evict is evicted.
    await operator.config("SET", "maxmemory", 1);
    if (evictsHistory) await until(async () => (await operator.dbsize()) === 0);
    else if (evictsKeys) await until(async () => !/expires=[1-9]/.test(await operator.info("keyspace")));
    expect((await post(gateway, "meanwhile")).status).toBe(503);
    expect(await operator.exists(historyKey)).toBe(evictsHistory ? 0 : 1);
    await operator.config("SET", "maxmemory", 0);
    await until(async () => (await fetch(gateway.url("/readyz"))).status === 200);

    // Sent again under its key, as after a lost answer.
    const again = await post(gateway, "before", "a key");
    expect(again.status).toBe(201);
    expect(again.id === before.id).toBe(!evictsKeys);
    await post(gateway, "after");
    if (evictsHistory) await reader.until(() => reader.resets > 0);
    await post(gateway, "to be heard");
    await reader.until(() => reader.has("to be heard"));
    const heard = reader.texts;
    expect(heard[0]).toBe("before");
    expect(heard).not.toContain("meanwhile");
    if (!evictsHistory) expect(heard).toEqual(["before", ...(evictsKeys ? ["before"] : []), "after", "to be heard"]);
    expect(await resetCauses(gateway)).toEqual(evictsHistory ? ["newHistory"] : []);
    if (evictsHistory)
      await gateway.untilLog(new RegExp(`a new history begins: .* evicted \\(maxmemory-policy ${policy}\\)`));
  },
);
