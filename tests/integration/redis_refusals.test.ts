// A Redis that answers but refuses writes for a while: no accepted update is lost, doubled or out of order.
import { Redis } from "ioredis";
import { createClient } from "redis";
import { createPublisher, type Publisher, type PublishError, type RedisClient } from "regstream/publisher";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { EventStream } from "../processes/event_stream.ts";
import { FaultProxy } from "../processes/fault_proxy.ts";
import { Gateway } from "../processes/gateway.ts";
import { channel, historyKey, RedisServer } from "../processes/redis.ts";
import { refusals, refuseWrites } from "../processes/redis_refusal.ts";

const endings: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

let redis: RedisServer;
beforeEach(async () => {
  redis = await startRedis();
});

async function startRedis(): Promise<RedisServer> {
  const server = await RedisServer.start();
  endings.push(() => server.stop());
  return server;
}

/** The messages of the updates in the history. */
async function history(server = redis): Promise<unknown[]> {
  const observer = server.connect();
  const entries = await observer.xrange(historyKey, "-", "+");
  observer.disconnect();
  return entries.map(
    ([, fields]) => (JSON.parse(fields[fields.indexOf("message") + 1] ?? "") as { message: unknown }).message,
  );
}

async function until(isSo: () => Promise<boolean> | boolean): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setImmediate(resolve));
}

const clients: readonly { name: string; connect: (port: number) => Promise<RedisClient> }[] = [
  {
    name: "ioredis",
    connect: (port) => {
      const client = new Redis({ host: "127.0.0.1", port, retryStrategy: () => 5 });
      client.on("error", () => undefined);
      endings.push(() => client.disconnect());
      return Promise.resolve(client);
    },
  },
  {
    name: "node-redis",
    connect: async (port) => {
      const client = createClient({ socket: { host: "127.0.0.1", port, reconnectStrategy: 5 } });
      client.on("error", () => undefined);
      await client.connect();
      endings.push(() => client.destroy());
      return client;
    },
  },
];

describe.each(clients)("a Node publisher over $name", ({ connect }) => {
  let troubles: PublishError[];
  let recoveries: number;
  beforeEach(() => {
    troubles = [];
    recoveries = 0;
  });
  const create = async (port: number): Promise<Publisher> => {
    const publisher = createPublisher(await connect(port), {
      random: () => 0.01,
      onTrouble: (trouble) => troubles.push(trouble),
      onRecovery: () => ++recoveries,
    });
    endings.push(() => publisher.close());
    return publisher;
  };
  const say = (publisher: Publisher, message: string): Promise<unknown> =>
    publisher.publishStageUpdate(42, "t24_lookup", "completed", message);

  test.each(refusals)("waits while Redis answers %s, says so once, and keeps the order", async (refusal) => {
    const publisher = await create(redis.port);
    const names = Array.from({ length: 300 }, (_, index) => `update ${index}`);
    const before = names.slice(0, 100).map((name) => say(publisher, name));
    await before[50];
    const end = await refuseWrites(redis, refusal);
    const during = names.slice(100, 200).map((name) => say(publisher, name));
    await until(() => troubles.length > 0);
    expect(troubles[0]?.message).toContain(refusal);
    await end();
    const after = names.slice(200).map((name) => say(publisher, name));
    await Promise.all([...before, ...during, ...after]);
    expect(await history()).toEqual(names);
    expect([troubles.length, recoveries]).toEqual([1, 1]);
  });
});

test("a Node publisher over ioredis finds the new primary behind the same name", async () => {
  const primary = await startRedis();
  const path = await FaultProxy.start(redis.port);
  endings.push(() => path.stop());
  const client = await clients[0]?.connect(path.port);
  const publisher = createPublisher(client as RedisClient, {
    random: () => 0.01,
    onTrouble: () => undefined,
    onRecovery: () => undefined,
  });
  endings.push(() => publisher.close());
  const say = (message: string): Promise<unknown> =>
    publisher.publishStageUpdate(42, "t24_lookup", "completed", message);
  await say("to the old one");
  await demote(redis, primary);
  path.redirect(primary.port);
  await say("to the new one");
  expect(await history(primary)).toEqual(["to the old one", "to the new one"]);
});

/** `primary` takes over from `old`, with all its data; `old` does not learn of it. */
async function takeOver(old: RedisServer, primary: RedisServer): Promise<void> {
  const operator = primary.connect();
  await operator.replicaof("127.0.0.1", String(old.port));
  await until(async () => (await operator.info("replication")).includes("master_link_status:up"));
  const other = old.connect();
  const isLevel = async (): Promise<boolean> => {
    const offset = /master_repl_offset:(\d+)/;
    return offset.exec(await operator.info("replication"))?.[1] === offset.exec(await other.info("replication"))?.[1];
  };
  await until(isLevel);
  await operator.replicaof("NO", "ONE");
  operator.disconnect();
  other.disconnect();
}

/** The same, and `old` becomes its replica. */
async function demote(old: RedisServer, primary: RedisServer): Promise<void> {
  await takeOver(old, primary);
  const operator = old.connect();
  await operator.replicaof("127.0.0.1", String(primary.port));
  operator.disconnect();
}

describe("a gateway", () => {
  const start = async (address: string): Promise<Gateway> => {
    const gateway = await Gateway.start({ redis: address, hasDemo: false });
    endings.push(() => gateway.stop("SIGKILL"));
    await until(async () => (await fetch(gateway.url("/readyz"))).status === 200);
    return gateway;
  };
  const post = (gateway: Gateway, message: string): Promise<Response> =>
    fetch(gateway.url("/api/registrations/42/updates"), {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ stage: "t24_lookup", message }),
    });

  /** Starts a gateway with an open stream, at an address that is about to move from `redis` to `primary`. */
  const startBeforeFailover = async (): Promise<{
    primary: RedisServer;
    path: FaultProxy;
    gateway: Gateway;
    stream: EventStream;
  }> => {
    const primary = await startRedis();
    const path = await FaultProxy.start(redis.port);
    endings.push(() => path.stop());
    const gateway = await start(path.address);
    const stream = await EventStream.open(gateway.url("/api/registrations/updates/stream"));
    endings.push(() => stream.close());
    await stream.next();
    expect((await post(gateway, "to the old one")).status).toBe(201);
    expect(await stream.nextUpdate()).toMatchObject({ message: "to the old one" });
    return { primary, path, gateway, stream };
  };
  /** Expects that a plain PUBLISH at `server` reaches the stream. */
  const expectHeardAt = async (server: RedisServer, stream: EventStream): Promise<void> => {
    const client = server.connect();
    await until(
      async () => (await client.publish(channel, '{"registrationId":42,"status":"PENDING","message":"bare"}')) > 0,
    );
    expect(await stream.nextUpdate()).toMatchObject({ message: "bare" });
    client.disconnect();
  };

  test.each(refusals)(
    "answers 503 at once while Redis answers %s, and publishes nothing of it later",
    async (refusal) => {
      const gateway = await start(redis.address);
      expect((await post(gateway, "before")).status).toBe(201);
      const end = await refuseWrites(redis, refusal);
      // The first call finds out, and those beside it fail at once as well.
      for (const answer of await Promise.all(["a", "b", "c"].map((message) => post(gateway, message)))) {
        expect(answer.status).toBe(503);
        expect(answer.headers.get("retry-after")).toMatch(/^[1-9]\d*$/);
      }
      expect((await post(gateway, "d")).status).toBe(503);
      const ready = await fetch(gateway.url("/readyz"));
      expect(ready.status).toBe(503);
      expect(ready.headers.get("content-type")).toBe("application/problem+json");
      expect(await ready.json()).toMatchObject({ status: 503, detail: expect.stringContaining(refusal) });
      expect((await fetch(gateway.url("/readyz"), { method: "HEAD" })).status).toBe(503);
      expect((await fetch(gateway.url("/livez"))).status).toBe(200);
      expect(await gateway.get("/api/health")).toMatchObject({
        status: "degraded",
        reasons: [expect.stringContaining(refusal)].concat(
          refusal === "MASTERDOWN" || refusal === "READONLY" ? expect.anything() : [],
        ),
      });
      await end();
      await until(async () => (await fetch(gateway.url("/readyz"))).status === 200);
      expect((await post(gateway, "after")).status).toBe(201);
      expect(await history()).toEqual(["before", "after"]);
      expect(await gateway.get("/api/health")).toMatchObject({ status: "ok", reasons: [] });
      expect(gateway.log.match(/takes no updates for now/g)).toHaveLength(1);
    },
  );

  test("finds the new primary behind the same name, to publish and to subscribe", async () => {
    const { primary, path, gateway, stream } = await startBeforeFailover();
    await demote(redis, primary);
    path.redirect(primary.port);
    await until(async () => (await post(gateway, "to the new one")).status === 201);
    expect(await stream.nextUpdate()).toMatchObject({ message: "to the new one" });
    await expectHeardAt(primary, stream);
  });

  test("subscribes at the new primary as soon as it publishes there, though the old connections stay", async () => {
    const { primary, path, gateway, stream } = await startBeforeFailover();
    await takeOver(redis, primary);
    path.redirect(primary.port);
    const old = redis.connect();
    const lines = String(await old.client("LIST")).split("\n");
    const caller = lines.find((line) => / flags=N .* cmd=(?!client|info)/.test(line)) ?? lines.join();
    await old.client("KILL", "ID", /^id=(\d+)/.exec(caller)?.[1] ?? caller);
    old.disconnect();
    await expectHeardAt(primary, stream);
    expect(gateway.log).toContain("leads to another server");
  });

  test("is not ready before it has reached Redis, and while Redis is away", async () => {
    const gateway = await start(redis.address);
    expect(await (await fetch(gateway.url("/readyz"))).json()).toEqual({ status: "ok" });
    await redis.kill();
    await until(async () => (await fetch(gateway.url("/readyz"))).status === 503);
    const detail = ((await (await fetch(gateway.url("/readyz"))).json()) as { detail: string }).detail;
    expect(detail).toMatch(/can't be read: .*can't be published: /);
    expect(detail).not.toContain(redis.address);
    expect((await fetch(gateway.url("/livez"))).status).toBe(200);
    await redis.restart();
    await until(async () => (await fetch(gateway.url("/readyz"))).status === 200);
  });
});

describe("one server has one history", () => {
  test("with any protocol and reply settings of a client", async () => {
    const plain = createPublisher(redis.connect());
    const ids = [await plain.publish({ registrationId: 1, status: "FAILED" })];
    const ioredis = redis.connect().duplicate({ stringNumbers: true, enableAutoPipelining: true, db: 0 });
    endings.push(() => ioredis.disconnect());
    const resp3 = createClient({ RESP: 3, socket: { host: "127.0.0.1", port: redis.port } });
    await resp3.connect();
    endings.push(() => resp3.destroy());
    for (const client of [ioredis, resp3])
      ids.push(await createPublisher(client).publish({ registrationId: 1, status: "FAILED" }));
    expect(ids.map(({ id }) => id.split("-")[1])).toEqual(["1", "2", "3"]);
    expect(await history()).toHaveLength(3);
  });

  test("and a client of another database is refused as soon as it shows", async () => {
    const ioredis = new Redis(`redis://127.0.0.1:${redis.port}/1`);
    const selecting = redis.connect();
    const nodeRedis = createClient({ url: `redis://127.0.0.1:${redis.port}/1` });
    endings.push(
      () => ioredis.disconnect(),
      () => selecting.disconnect(),
    );
    expect(() => createPublisher(ioredis)).toThrow(/database 0/);
    expect(() => createPublisher(nodeRedis)).toThrow(/database 0/);
    const publisher = createPublisher(selecting, { onTrouble: () => undefined });
    await selecting.select(1);
    await expect(publisher.publish({ registrationId: 1, status: "FAILED" })).rejects.toMatchObject({ kind: "refused" });
    await selecting.select(0);
    await publisher.publish({ registrationId: 1, status: "FAILED" });
    expect(await history()).toHaveLength(1);
  });

  test("also if node-redis selects another database without showing it", async () => {
    const client = createClient({ socket: { host: "127.0.0.1", port: redis.port } });
    await client.connect();
    endings.push(() => client.destroy());
    const publisher = createPublisher(client);
    await client.select(1);
    await publisher.publish({ registrationId: 1, status: "FAILED", message: "in the one history" });
    expect(await history()).toEqual(["in the one history"]);
    // And the client is back in its database.
    await client.set("key", "value");
    expect(await redis.connect().exists("key")).toBe(0);
  });
});
