// Node's publishers over a primary that sentinels watch and that fails over while they publish. The history decides:
// each update exactly once, in order.
import { Redis } from "ioredis";
import { createSentinel } from "redis";
import { createPublisher, type Publisher, type PublisherOptions, type RedisClient } from "regstream/publisher";
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

const ways: readonly {
  name: string;
  connect: (sentinels: Address[], name: string, password: string) => Promise<Connected>;
}[] = [
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

describe.each(ways)("a publisher by sentinels, with $name", ({ name, connect }) => {
  let redis: WatchedRedis;
  let connected: Connected;
  let publisher: Publisher;
  beforeEach(async () => {
    redis = await WatchedRedis.start();
    const { REDIS_SENTINELS, REDIS_MASTER_NAME, REDIS_PASSWORD } = redis.environment;
    const sentinels = String(REDIS_SENTINELS)
      .split(",")
      .map((address) => ({ host: "127.0.0.1", port: Number(address.split(":")[1]) }));
    connected = await connect(sentinels, String(REDIS_MASTER_NAME), String(REDIS_PASSWORD));
    publisher = create();
  });
  afterEach(async () => {
    publisher.close();
    await connected.end();
    await redis.stop();
  });
  const create = (options: PublisherOptions = {}): Publisher =>
    createPublisher(connected.client, { random: () => 0.1, onTrouble: ignore, onRecovery: ignore, ...options });
  const names = Array.from({ length: 300 }, (_, index) => `update ${index}`);
  const acknowledged: string[] = [];
  const say = async (message: string): Promise<void> => {
    await publisher.publishStageUpdate(42, "t24_lookup", "completed", message);
    acknowledged.push(message);
  };
  /** In as many turns: updates of one turn are one call. */
  const sayEach = async (messages: readonly string[]): Promise<void> => {
    const published: Promise<unknown>[] = [];
    for (const message of messages) {
      published.push(say(message));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await Promise.all(published);
  };
  const history = async (server: RedisServer): Promise<unknown[]> => {
    const observer = server.connect();
    const entries = await observer.xrange(historyKey, "-", "+");
    observer.disconnect();
    return entries.map(
      ([, fields]) => (JSON.parse(fields[fields.indexOf("message") + 1] ?? "") as { message: unknown }).message,
    );
  };

  test("follows a failover, whose primary never comes back", async () => {
    await sayEach(names.slice(0, 100));
    await redis.untilInStep();
    const during = sayEach(names.slice(100, 200));
    const primary = await redis.failOver((before) => before.kill());
    await Promise.all([during, sayEach(names.slice(200))]);
    const found = await history(primary);
    // Only updates that were acknowledged and not replicated are lost with the primary.
    expect(found).toEqual(names.filter((name) => found.includes(name)));
    expect([...found.slice(0, 100), ...found.slice(-100)]).toEqual([...names.slice(0, 100), ...names.slice(-100)]);
  });

  // node-redis's client can't wait for replicas: it has no duplicate().
  if (name !== "ioredis") return;
  test("that waits for all replicas loses no acknowledged update, and doubles none", async () => {
    publisher.close();
    publisher = create({ waitReplicas: 2, waitTimeoutMs: 200 });
    acknowledged.length = 0;
    await sayEach(names.slice(0, 100));
    const during = sayEach(names.slice(100));
    const old = await redis.primary();
    const primary = await redis.failOver(() => old.kill());
    const known = [...acknowledged];
    expect(await history(primary)).toEqual(expect.arrayContaining(known));
    // As the second replica.
    await old.restart();
    await during;
    expect(await history(primary)).toEqual(names);
  });
});
