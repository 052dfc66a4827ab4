// Node's publishers with `waitReplicas`, over a real primary and its replica.
import { Redis } from "ioredis";
import { createClient } from "redis";
import { createClient as createClient4 } from "redis-4";
import { createPublisher, type Publisher, type PublishError, type RedisClient } from "regstream/publisher";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { historyKey, RedisServer } from "../processes/redis.ts";

const ignore = (): void => undefined;

interface Connected {
  readonly client: RedisClient;
  readonly ping: () => Promise<unknown>;
  readonly end: () => unknown;
}

const ways: readonly { name: string; connect: (port: number) => Promise<Connected> }[] = [
  {
    name: "ioredis",
    connect: (port) => {
      const client = new Redis({ host: "127.0.0.1", port, retryStrategy: () => 5 });
      client.on("error", ignore);
      return Promise.resolve({ client, ping: () => client.ping(), end: () => client.disconnect() });
    },
  },
  {
    name: "node-redis 5",
    connect: async (port) => {
      const client = createClient({ socket: { host: "127.0.0.1", port, reconnectStrategy: 5 } });
      client.on("error", ignore);
      await client.connect();
      return { client, ping: () => client.ping(), end: () => client.destroy() };
    },
  },
  {
    name: "node-redis 4",
    connect: async (port) => {
      const client = createClient4({ socket: { host: "127.0.0.1", port, reconnectStrategy: 5 } });
      client.on("error", ignore);
      await client.connect();
      return { client, ping: () => client.ping(), end: () => client.disconnect() };
    },
  },
];

describe.each(ways)("a publisher that waits for a replica, over $name", ({ connect }) => {
  let primary: RedisServer;
  let replica: RedisServer;
  let connected: Connected;
  let publisher: Publisher;
  let troubles: PublishError[];
  let recoveries: number;
  beforeEach(async () => {
    primary = await RedisServer.start({ more: ["--repl-diskless-sync-delay", "0"] });
    replica = await RedisServer.start({ more: ["--replicaof", "127.0.0.1", String(primary.port)] });
    connected = await connect(primary.port);
    troubles = [];
    recoveries = 0;
    publisher = createPublisher(connected.client, {
      waitReplicas: 1,
      waitTimeoutMs: 50,
      random: () => 0.1,
      onTrouble: (trouble) => troubles.push(trouble),
      onRecovery: () => ++recoveries,
    });
  });
  afterEach(async () => {
    publisher.close();
    await connected.end();
    await replica.stop();
    await primary.stop();
  });
  const say = (message: string): Promise<unknown> =>
    publisher.publishStageUpdate(42, "t24_lookup", "completed", message);
  const history = async (server: RedisServer): Promise<unknown[]> => {
    const observer = server.connect();
    const entries = await observer.xrange(historyKey, "-", "+");
    observer.disconnect();
    return entries.map(
      ([, fields]) => (JSON.parse(fields[fields.indexOf("message") + 1] ?? "") as { message: unknown }).message,
    );
  };
  const until = async (isSo: () => boolean): Promise<void> => {
    while (!isSo()) await new Promise((resolve) => setImmediate(resolve));
  };

  test("acknowledges updates that the replica has", async () => {
    const names = Array.from({ length: 100 }, (_, index) => `update ${index}`);
    await Promise.all(names.map(say));
    await primary.kill();
    expect(await history(replica)).toEqual(names);
  });

  test("acknowledges nothing while the replica is suspended, blocks no other client, and doubles nothing", async () => {
    await say("before");
    replica.pause();
    let isPublished = false;
    const published = say("during").then(() => (isPublished = true));
    await until(() => troubles.length > 0);
    expect(troubles).toMatchObject([
      { kind: "unreplicated", message: expect.stringContaining("0 of 1 replicas") as string },
    ]);
    expect(await connected.ping()).toBe("PONG");
    expect([isPublished, publisher.waiting]).toEqual([false, 1]);
    replica.resume();
    await published;
    expect(await history(primary)).toEqual(["before", "during"]);
    expect(await history(replica)).toEqual(["before", "during"]);
    expect(recoveries).toBe(1);
  });

  test("sends updates that a killed connection lost again, once", async () => {
    const names = Array.from({ length: 100 }, (_, index) => `update ${index}`);
    const operator = primary.connect();
    const published: Promise<unknown>[] = [];
    for (const [index, name] of names.entries()) {
      published.push(say(name));
      await new Promise((resolve) => setImmediate(resolve));
      if (index % 10 === 5) await operator.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
    }
    await Promise.all(published);
    operator.disconnect();
    expect(await history(replica)).toEqual(names);
  });
});
