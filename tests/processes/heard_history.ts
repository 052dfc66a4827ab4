import { expect } from "vitest";

import type { Gateway } from "./gateway.ts";
import { channel, historyKey, type RedisServer } from "./redis.ts";

/** So many gateways hear the channel. */
export async function untilSubscribed(redis: RedisServer, gateways: number): Promise<void> {
  const client = redis.connect();
  await expect.poll(() => client.pubsub("NUMSUB", channel)).toEqual([channel, gateways]);
  client.disconnect();
}

/** The gateway has read all of the history, and that has so many updates. */
export async function untilHeard(gateway: Gateway, redis: RedisServer, updatesMin = 0): Promise<void> {
  const client = redis.connect();
  await expect
    .poll(async () => {
      const { published } = await gateway.get<{ published: number }>("/api/health");
      return published >= updatesMin && published === (await client.xlen(historyKey));
    })
    .toBe(true);
  client.disconnect();
}
