import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { expect, test } from "vitest";

import { historyKey, RedisServer } from "../processes/redis.ts";

const folder = fileURLToPath(new URL("../../native/broker/scripts/history/", import.meta.url));

test("servers that replace each other each begin their epochs a few milliseconds of their own ahead", async () => {
  const script = readdirSync(folder)
    .sort()
    .map((name) => readFileSync(folder + name, "utf8"))
    .join("");
  const redis = await RedisServer.start();
  const client = redis.connect();
  const own = parseInt(/master_replid:([0-9a-f]{4})/.exec(await client.info("replication"))?.[1] ?? "", 16);
  const nowMs = async (): Promise<number> => {
    const [seconds = 0, microseconds = 0] = (await client.time()).map(Number);
    return seconds * 1_000 + Math.floor(microseconds / 1_000);
  };
  for (const [durable, ahead] of [
    ["moves", own],
    ["0", 0],
  ] as const) {
    await client.flushall();
    const beforeMs = await nowMs();
    const [end] = (await client.eval(
      script,
      2,
      historyKey,
      "{of the test}:server",
      "open",
      "0-0",
      "1000",
      "1000000",
      "",
      durable,
    )) as [string];
    const begunMs = Number(end.split("-")[0]) - ahead;
    expect(begunMs).toBeGreaterThanOrEqual(beforeMs);
    expect(begunMs).toBeLessThanOrEqual(await nowMs());
  }
  client.disconnect();
  await redis.stop();
});
