// A history that was evicted, restored or edited: clients that miss an update by that get a reset, and the log says
// what may have happened.

import type { Redis } from "ioredis";
import { afterEach, expect, test } from "vitest";

import { FaultProxy } from "../processes/fault_proxy.ts";
import { Gateway } from "../processes/gateway.ts";
import { HeardStream } from "../processes/heard_stream.ts";
import { channel, historyKey, type RedisOptions, RedisServer } from "../processes/redis.ts";

const serverKey = `{${channel}}:server`;

const endings: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

const until = async (isSo: () => Promise<boolean> | boolean): Promise<void> => {
  while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 5));
};

function connect(redis: RedisServer): Redis {
  const client = redis.connect();
  endings.push(() => client.disconnect());
  return client;
}

async function startGateway(address: string): Promise<Gateway> {
  const gateway = await Gateway.start({ redis: address, hasDemo: false });
  endings.push(() => gateway.stop("SIGKILL"));
  await until(async () => (await fetch(gateway.url("/readyz"))).status === 200);
  return gateway;
}

async function openStream(gateway: Gateway, cursor?: string): Promise<HeardStream> {
  const stream = await HeardStream.open(
    gateway.url("/api/registrations/updates/stream"),
    cursor === undefined ? {} : { "last-event-id": cursor },
  );
  endings.push(() => stream.close());
  return stream;
}

/** Whether the update is published now. */
async function post(gateway: Gateway, message: string): Promise<boolean> {
  const answer = await fetch(gateway.url("/api/registrations/42/updates"), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ stage: "t24_lookup", message }),
  });
  return answer.status === 201;
}

/** The ids of the history, from the first on. */
const ids = async (operator: Redis): Promise<string[]> =>
  (await operator.xrange(historyKey, "-", "+")).map(([id]) => id);
const epoch = async (operator: Redis): Promise<number> => Number((await ids(operator))[0]?.split("-")[0]);
const nth = async (operator: Redis, index: number): Promise<string> => (await ids(operator)).at(index) ?? "";

interface Scene {
  readonly redis: RedisServer;
  readonly operator: Redis;
  readonly path: FaultProxy;
  /** A DUMP of the history with two of four updates. */
  readonly dump: Buffer;
}

interface Change {
  readonly what: string;
  readonly redis?: RedisOptions;
  /** Called after two of four updates. */
  readonly prepare?: (scene: Scene) => Promise<unknown>;
  readonly change: (scene: Scene) => Promise<unknown>;
  /** The reason in the log; none: no client misses anything. */
  readonly reason?: RegExp;
}

const changed = /Redis was flushed, or someone deleted or replaced the history, or deleted the key beside it/;
const started = /Redis was restarted, or another server took its place/;

async function restart({ redis }: Scene): Promise<void> {
  await redis.kill();
  await redis.restart();
}

const changes: readonly Change[] = [
  { what: "the history was deleted", change: ({ operator }) => operator.del(historyKey), reason: changed },
  {
    what: "the history was renamed",
    change: ({ operator }) => operator.rename(historyKey, "another"),
    reason: changed,
  },
  {
    what: "the history was moved to another database",
    change: ({ operator }) => operator.move(historyKey, 1),
    reason: changed,
  },
  { what: "the databases were swapped", change: ({ operator }) => operator.call("SWAPDB", 0, 1), reason: changed },
  { what: "all was flushed", change: ({ operator }) => operator.flushall(), reason: changed },
  {
    what: "the history expired, since somebody said it should",
    change: async ({ operator }) => {
      await operator.pexpire(historyKey, 1);
      await until(async () => (await operator.exists(historyKey)) === 0);
    },
    reason: changed,
  },
  {
    what: "the history was evicted",
    change: async ({ operator }) => {
      await operator.config("SET", "maxmemory", 1);
      await until(async () => (await operator.exists(historyKey)) === 0);
      await operator.config("SET", "maxmemory", 0);
    },
    prepare: ({ operator }) => operator.config("SET", "maxmemory-policy", "allkeys-random"),
    reason: changed,
  },
  {
    what: "an older copy of the history was restored",
    change: ({ operator, dump }) => operator.restore(historyKey, 0, dump, "REPLACE"),
    reason: changed,
  },
  { what: "the key of its server was deleted", change: ({ operator }) => operator.del(serverKey), reason: changed },
  {
    what: "the key of its server became something else",
    change: async ({ operator }) => {
      await operator.del(serverKey);
      await operator.hset(serverKey, "a", "b");
    },
    reason: changed,
  },
  {
    what: "the history became something else, for a while",
    change: async ({ operator }) => {
      await operator.rename(historyKey, "aside");
      await operator.set(historyKey, "something else");
      await operator.del(historyKey);
      await operator.rename("aside", historyKey);
    },
  },
  { what: "the history was trimmed to one entry", change: ({ operator }) => operator.xtrim(historyKey, "MAXLEN", 1) },
  { what: "the history was trimmed to none", change: ({ operator }) => operator.xtrim(historyKey, "MAXLEN", 0) },
  {
    what: "an entry in the middle was deleted",
    change: async ({ operator }) => operator.xdel(historyKey, await nth(operator, 1)),
  },
  {
    what: "the last entry was deleted",
    change: async ({ operator }) => operator.xdel(historyKey, await nth(operator, -1)),
  },
  {
    what: "the last id was set far ahead",
    change: async ({ operator }) => operator.call("XSETID", historyKey, `${await epoch(operator)}-100`),
    reason: changed,
  },
  {
    what: "the last id was set to another epoch",
    change: async ({ operator }) => operator.call("XSETID", historyKey, `${(await epoch(operator)) + 1}-3`),
    reason: changed,
  },
  {
    what: "the last id was set back",
    change: async ({ operator }) => {
      const first = await nth(operator, 0);
      await operator.xtrim(historyKey, "MAXLEN", 0);
      await operator.call("XSETID", historyKey, first);
    },
    reason: changed,
  },
  {
    what: "somebody else wrote an entry",
    change: ({ operator }) => operator.xadd(historyKey, "*", "a", "b"),
    reason: changed,
  },
  { what: "Redis was started again without a disk", change: restart, reason: started },
  {
    what: "Redis was started again with an older dump",
    prepare: ({ operator }) => operator.save(),
    change: restart,
    reason: started,
  },
  {
    what: "Redis was started again, and syncs once a second",
    redis: { syncsEachSecond: true },
    change: restart,
    reason: started,
  },
  { what: "Redis was started again, and syncs each write", redis: { isDurable: true }, change: restart },
  {
    what: "Redis syncs each write, and was started with an older copy of its files",
    redis: { isDurable: true },
    prepare: ({ redis }) => redis.backUp(),
    change: async ({ redis }) => {
      await redis.kill();
      await redis.restartWithBackup();
    },
    reason: started,
  },
  {
    what: "another server took its place, a replica of an older copy",
    change: async ({ operator, path, dump }) => {
      const [older, next] = [await RedisServer.start(), await RedisServer.start()];
      endings.push(
        () => older.stop(),
        () => next.stop(),
      );
      const [old, promoted] = [connect(older), connect(next)];
      await old.restore(historyKey, 0, dump);
      await old.restore(serverKey, 0, (await operator.dumpBuffer(serverKey)) as Buffer);
      await promoted.replicaof("127.0.0.1", String(older.port));
      await until(async () => (await promoted.exists(historyKey)) === 1);
      await promoted.replicaof("NO", "ONE");
      path.redirect(next.port);
      path.cut(() => ({ afterBytes: 0, isAbrupt: true }));
      path.heal();
    },
    reason: started,
  },
];

test.each(changes)(
  "$what: nobody misses an update without a reset",
  async ({ redis: options, prepare, change, reason }) => {
    const redis = await RedisServer.start(options);
    endings.push(() => redis.stop());
    const operator = connect(redis);
    const path = await FaultProxy.start(redis.port);
    endings.push(() => path.stop());
    const gateway = await startGateway(path.address);
    const stream = await openStream(gateway);
    for (const message of ["1", "2"]) expect(await post(gateway, message)).toBe(true);
    const scene = { redis, operator, path, dump: (await operator.dumpBuffer(historyKey)) as Buffer };
    await prepare?.(scene);
    for (const message of ["3", "4"]) expect(await post(gateway, message)).toBe(true);
    await stream.until(() => stream.has("4"));
    const cursors = stream.heard.map(({ id }) => id);

    await change(scene);
    await until(() => post(gateway, "5"));
    await until(() => post(gateway, "6"));
    if (reason !== undefined) await stream.until(() => stream.resets > 0);
    expect(await post(gateway, "7")).toBe(true);
    await stream.until(() => stream.has("7"));
    if (reason === undefined) {
      expect(stream.texts).toEqual(["1", "2", "3", "4", "5", "6", "7"]);
      expect(gateway.log).not.toContain("begins anew");
    } else {
      expect(stream.texts.slice(0, 5)).toEqual(["1", "2", "3", "4", "reset"]);
      expect(stream.resets).toBe(1);
      await gateway.untilLog(new RegExp(`a new history begins: .*${reason.source}`));
    }

    // A client that returns, to this gateway or to a new one, with any cursor, gets all later updates or a reset.
    for (const one of [gateway, await startGateway(path.address)]) {
      for (const [index, cursor] of cursors.entries())
        await expectAllOrReset(one, cursor, stream.texts.slice(index + 1));
    }
  },
);

async function expectAllOrReset(gateway: Gateway, cursor: string, all: readonly string[]): Promise<void> {
  const back = await openStream(gateway, cursor);
  await back.until(() => back.has(all.at(-1) ?? "") || back.resets > 0);
  if (back.resets === 0) expect(back.texts).toEqual(all);
  else expect(back.texts[0]).toBe("reset");
  back.close();
}

test("after a backup is restored as documented, no cursor of a lost update is taken for a new one", async () => {
  const redis = await RedisServer.start({ isDurable: true });
  endings.push(() => redis.stop());
  const before = await startGateway(redis.address);
  const stream = await openStream(before);
  expect(await post(before, "1")).toBe(true);
  await redis.backUp();
  for (const message of ["2", "3"]) expect(await post(before, message)).toBe(true);
  await stream.until(() => stream.has("3"));
  const cursors = stream.heard.map(({ id }) => id);
  await before.stop();
  await redis.kill();
  await redis.restartWithBackup();
  await connect(redis).del(serverKey);

  const gateway = await startGateway(redis.address);
  for (const message of ["4", "5", "6"]) expect(await post(gateway, message)).toBe(true);
  for (const cursor of cursors) {
    const back = await openStream(gateway, cursor);
    await back.until(() => back.heard.length > 0);
    expect(back.texts[0]).toBe("reset");
    back.close();
  }
});

test("another key in the history's place is named, and publishing waits until it is gone", async () => {
  const redis = await RedisServer.start();
  endings.push(() => redis.stop());
  const operator = connect(redis);
  const gateway = await startGateway(redis.address);
  const stream = await openStream(gateway);
  expect(await post(gateway, "before")).toBe(true);
  await operator.del(historyKey);
  await operator.set(historyKey, "something else");
  expect(await post(gateway, "meanwhile")).toBe(false);
  await gateway.untilLog(
    new RegExp(
      "holds something else where the history belongs \\(WRONGTYPE\\): " +
        "rename or delete the key \\{service:registration-updates\\}:history",
    ),
  );
  await until(async () => (await fetch(gateway.url("/readyz"))).status === 503);
  expect(await operator.get(historyKey)).toBe("something else");
  await operator.del(historyKey);
  await until(() => post(gateway, "after"));
  await stream.until(() => stream.resets > 0);
  expect(await post(gateway, "heard")).toBe(true);
  await stream.until(() => stream.has("heard"));
  expect(stream.has("meanwhile")).toBe(false);
});
