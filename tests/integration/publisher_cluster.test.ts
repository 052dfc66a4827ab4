// Node's publishers over a Redis Cluster, whose shard fails over and whose slot moves while they publish. The history
// decides: each update exactly once, in order.
import { Cluster } from "ioredis";
import { createCluster } from "redis";
import { createCluster as createCluster4 } from "redis-4";
import { createPublisher, type Publisher, type PublishError, type RedisClient } from "regstream/publisher";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { historyKey } from "../processes/redis.ts";
import { RedisCluster } from "../processes/redis_cluster.ts";

const ignore = (): void => undefined;
const reconnectStrategy = 20;

interface Connected {
  readonly client: RedisClient;
  readonly end: () => unknown;
}

const ways: readonly { name: string; connect: (ports: readonly number[]) => Promise<Connected> }[] = [
  {
    name: "ioredis",
    connect: (ports) => {
      const nodes = ports.map((port) => ({ host: "127.0.0.1", port }));
      const client = new Cluster(nodes, { clusterRetryStrategy: () => reconnectStrategy, scaleReads: "slave" });
      client.on("error", ignore);
      return Promise.resolve({ client, end: () => client.disconnect() });
    },
  },
  {
    name: "node-redis 5",
    connect: async (ports) => {
      const rootNodes = ports.map((port) => ({ socket: { host: "127.0.0.1", port } }));
      const client = createCluster({ rootNodes, useReplicas: true, defaults: { socket: { reconnectStrategy } } });
      client.on("error", ignore);
      await client.connect();
      return { client, end: () => client.destroy() };
    },
  },
  {
    name: "node-redis 4",
    connect: async (ports) => {
      const rootNodes = ports.map((port) => ({ socket: { host: "127.0.0.1", port } }));
      const client = createCluster4({ rootNodes, defaults: { socket: { reconnectStrategy } } });
      client.on("error", ignore);
      await client.connect();
      return { client, end: () => client.disconnect().catch(ignore) };
    },
  },
];

describe.each(ways)("a publisher over a cluster, by $name", ({ connect }) => {
  let cluster: RedisCluster;
  let connected: Connected;
  let publisher: Publisher;
  let troubles: PublishError[];
  beforeEach(async () => {
    cluster = await RedisCluster.start();
    connected = await connect(cluster.servers.map(({ port }) => port));
    troubles = [];
    publisher = createPublisher(connected.client, {
      random: () => 0.1,
      onTrouble: (trouble) => troubles.push(trouble),
      onRecovery: ignore,
    });
  });
  afterEach(async () => {
    publisher.close();
    await connected.end();
    await cluster.stop();
  });
  const names = Array.from({ length: 300 }, (_, index) => `update ${index}`);
  const say = (message: string): Promise<unknown> =>
    publisher.publishStageUpdate(42, "t24_lookup", "completed", message);
  /** In as many turns: updates of one turn are one call. */
  const sayEach = async (messages: readonly string[]): Promise<void> => {
    const published: Promise<unknown>[] = [];
    for (const message of messages) {
      published.push(say(message));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await Promise.all(published);
  };
  const history = async (): Promise<unknown[]> => {
    const observer = (await cluster.owner()).connect();
    const entries = await observer.xrange(historyKey, "-", "+");
    observer.disconnect();
    return entries.map(
      ([, fields]) => (JSON.parse(fields[fields.indexOf("message") + 1] ?? "") as { message: unknown }).message,
    );
  };

  test("publishes to the node of the history's slot, in order and without trouble", async () => {
    await sayEach(names);
    expect([await history(), troubles]).toEqual([names, []]);
  });

  test("follows the history's slot to another node, while it publishes", async () => {
    const published = names.slice(0, 100).map(say);
    await published[50];
    const moved = cluster.moveSlot();
    published.push(...names.slice(100, 200).map(say));
    await moved;
    published.push(...names.slice(200).map(say));
    await Promise.all(published);
    expect(await history()).toEqual(names);
  });

  test("follows a failover of the shard, whose primary never comes back", async () => {
    await sayEach(names.slice(0, 100));
    // Updates that the replica lacks would be lost with the primary.
    await cluster.untilInStep();
    const old = await cluster.owner();
    const during = sayEach(names.slice(100, 200));
    await old.kill();
    await cluster.untilOwnerIsNot(old);
    await Promise.all([during, sayEach(names.slice(200))]);
    const found = await history();
    // Only updates that the primary had acknowledged and not replicated are lost: there is no WAIT in a cluster.
    expect(found).toEqual(names.filter((name) => found.includes(name)));
    expect([...found.slice(0, 100), ...found.slice(-100)]).toEqual([...names.slice(0, 100), ...names.slice(-100)]);
  });
});
