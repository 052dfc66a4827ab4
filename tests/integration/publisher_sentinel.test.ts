// Node's publishers over a primary that sentinels watch, and that fails over while they publish. Judged by the history: each update
// exactly once, in order.
import { Redis } from "ioredis";
import { createSentinel } from "redis";
import { createPublisher, type Publisher, type RedisClient } from "regstream/publisher";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { historyKey, type RedisServer } from "../processes/redis.ts";
import { WatchedRedis } from "../processes/redis_sentinel.ts";

const ignore = (): void => undefined;

interface Connected {
  readonly client: RedisClient;
  readonly end: () => unknown;
}

interface Address {
  readonly host: string;
  readonly port: number;
}

const ways: readonly { name: string; connect: (sentinels: Address[], name: string, password: string) => Promise<Connected> }[] = [
  {
    name: "ioredis",
    connect: (sentinels, name, password) => {
      const client = new Redis({ sentinels, name, password, retryStrategy: () => 20, sentinelRetryStrategy: () => 20 });
      client.on("error", ignore);
      return Promise.resolve({ client, end: () => client.disconnect() });
    },
  },
  {
    name: "node-redis 5",
    connect: async (sentinelRootNodes, name, password) => {
      const client = createSentinel({ name, sentinelRootNodes, nodeClientOptions: { password } });
      client.on("error", ignore);
      await client.connect();
      return { client, end: () => client.destroy() };
    },
  },
];

describe.each(ways)("a publisher by sentinels, with $name", ({ connect }) => {
  let redis: WatchedRedis;
  let connected: Connected;
  let publisher: Publisher;
  beforeEach(async () => {
    redis = await WatchedRedis.start();
    const { REDIS_SENTINELS, REDIS_MASTER_NAME, REDIS_PASSWORD } = redis.environment;
    const sentinels = String(REDIS_SENTINELS).split(",").map((address) => ({ host: "127.0.0.1", port: Number(address.split(":")[1]) }));
    connected = await connect(sentinels, String(REDIS_MASTER_NAME), String(REDIS_PASSWORD));
    publisher = createPublisher(connected.client, { random: () => 0.1, onTrouble: ignore, onRecovery: ignore });
  });
  afterEach(async () => {
    publisher.close();
    await connected.end();
    await redis.stop();
  });
  const names = Array.from({ length: 300 }, (_, index) => `update ${index}`);
  const say = (message: string): Promise<unknown> => publisher.publishStageUpdate(42, "t24_lookup", "completed", message);
  const history = async (server: RedisServer): Promise<unknown[]> => {
    const observer = server.connect();
    const entries = await observer.xrange(historyKey, "-", "+");
    observer.disconnect();
    return entries.map(([, fields]) => (JSON.parse(fields[fields.indexOf("message") + 1] ?? "") as { message: unknown }).message);
  };

  test("follows a failover, whose primary never comes back", async () => {
    await Promise.all(names.slice(0, 100).map(say));
    await redis.untilInStep(await redis.primary());
    const during = names.slice(100, 200).map(say);
    const primary = await redis.failOver((before) => before.kill());
    await Promise.all([...during, ...names.slice(200).map(say)]);
    const found = await history(primary);
    // What was acknowledged and not passed on is lost with the primary. Nothing else is.
    expect(found).toEqual(names.filter((name) => found.includes(name)));
    expect([...found.slice(0, 100), ...found.slice(-100)]).toEqual([...names.slice(0, 100), ...names.slice(-100)]);
  });
});
