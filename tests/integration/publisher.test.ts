import type { Redis, RedisOptions } from "ioredis";
import { createPublisher, type Published, type Publisher, type PublishError } from "regstream/publisher";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { EventStream } from "../processes/event_stream.ts";
import { Gateway, regstream } from "../processes/gateway.ts";
import { historyKey, RedisServer } from "../processes/redis.ts";

describe("publishing from Node, through a real Redis", () => {
  let redis: RedisServer;
  /** The test's own connections; the publisher's are killed. */
  let observer: Redis;
  let clients: Redis[];
  let troubles: PublishError[];
  beforeEach(async () => {
    redis = await RedisServer.start();
    observer = redis.connect();
    clients = [observer];
    troubles = [];
  });
  afterEach(async () => {
    for (const client of clients) client.disconnect();
    await redis.stop();
  });

  const connect = (options: RedisOptions = {}): Redis => {
    const client = redis.connect().duplicate(options);
    client.on("error", () => undefined);
    clients.push(client);
    return client;
  };
  const publisherOver = (client: Redis): Publisher =>
    createPublisher(client, { onTrouble: (trouble) => troubles.push(trouble) });
  const say = (publisher: Publisher, message: string, key?: string): Promise<Published> =>
    publisher.publishStageUpdate(42, "t24_lookup", "completed", message, key === undefined ? {} : { key });
  const sayByProgram = async (message: string, ...more: string[]): Promise<string> => {
    const update = ["--registration", "42", "--stage", "t24_lookup", "--status", "completed", "--message", message];
    const child = regstream(["publish", "stage", ...update, "--redis", redis.address, ...more]);
    expect(await child.exited).toBe(0);
    return child.log.match(/^published (\S+)$/m)?.[1] ?? "";
  };
  const history = async (): Promise<{ id: string; text: string }[]> => {
    const entries = await observer.xrange(historyKey, "-", "+");
    return entries.map(([id, fields]) => ({ id, text: fields[fields.indexOf("message") + 1] ?? "" }));
  };
  const messages = async (): Promise<unknown[]> =>
    (await history()).map(({ text }) => (JSON.parse(text) as { message: unknown }).message);
  const contiguous = (ids: readonly string[]): string[] =>
    ids.map((_, index) => `${ids[0]?.split("-")[0]}-${index + 1}`);
  const callsOf = async (command: string): Promise<number> =>
    Number((await observer.info("commandstats")).match(new RegExp(`cmdstat_${command}:calls=(\\d+)`))?.[1] ?? 0);

  test("interleaves with the program's updates, equals them, and runs the script that the program loaded", async () => {
    const publisher = publisherOver(connect());
    const text = 'Found 5 accounts: "é" \\ \b\t\u2028 😀';
    const ids: string[] = [];
    for (let turn = 0; turn < 3; ++turn) {
      ids.push(await sayByProgram(text));
      ids.push((await say(publisher, text)).id);
    }
    expect(ids).toEqual(contiguous(ids));
    const entries = await history();
    expect(entries.map(({ id }) => id)).toEqual(ids);
    const said = new Set(
      entries.map(({ id, text: json }) => json.replace(`"id":"${id}"`, "").replace(/"timestamp":\d+/, "")),
    );
    expect(said.size).toBe(1);
    expect([await callsOf("eval"), await callsOf("evalsha")]).toEqual([3, 3]);
  });

  test("one idempotency key makes the program's publish and Node's one update", async () => {
    const publisher = publisherOver(connect());
    const id = await sayByProgram("by the program", "--key", "once");
    expect(await say(publisher, "by Node", "once")).toEqual({ id });
    const other = await say(publisher, "by Node", "twice");
    expect(await sayByProgram("by the program", "--key", "twice")).toBe(other.id);
    expect(await messages()).toEqual(["by the program", "by Node"]);
  });

  test("a Redis without the script gets it", async () => {
    const publisher = publisherOver(connect());
    await say(publisher, "a");
    await observer.script("FLUSH");
    await Promise.all([say(publisher, "b"), say(publisher, "c")]);
    expect([await callsOf("eval"), troubles]).toEqual([2, []]);
    await observer.script("FLUSH");
    // Each of several calls in flight may be answered so.
    const published: Promise<Published>[] = [];
    for (const name of ["d", "e", "f", "g"]) {
      published.push(say(publisher, name));
      await Promise.resolve();
    }
    await Promise.all(published);
    expect([await messages(), troubles]).toEqual([["a", "b", "c", "d", "e", "f", "g"], []]);
  });

  test.each<[string, RedisOptions]>([
    ["sends again by itself", {}],
    ["forgets what it has sent", { autoResendUnfulfilledCommands: false }],
    ["keeps nothing for later", { autoResendUnfulfilledCommands: false, enableOfflineQueue: false }],
    ["connects with its first command", { lazyConnect: true }],
    ["makes pipelines by itself", { enableAutoPipelining: true }],
  ])(
    "killed connections during a burst of 500 lose, double and reorder nothing: a client that %s",
    async (_name, options) => {
      const client = connect({ retryStrategy: () => 1, ...options });
      const publisher = publisherOver(client);
      const names = Array.from({ length: 500 }, (_, index) => `update ${index}`);
      const published: Promise<Published>[] = [];
      let kills = 0;
      for (const [index, name] of names.entries()) {
        published.push(say(publisher, name));
        // Updates of one turn are one call. Many turns make many calls, several of them in flight.
        if (index % 3 === 0) await nextTurn();
        if (index % 40 === 20)
          kills += Number(await observer.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"));
      }
      const ids = (await Promise.all(published)).map(({ id }) => id);
      expect(kills).toBeGreaterThan(5);
      expect(ids).toEqual(contiguous(ids));
      expect((await history()).map(({ id }) => id)).toEqual(ids);
      expect(await messages()).toEqual(names);
      expect(publisher.waiting).toBe(0);
    },
  );

  test("updates wait in order while Redis is away, with a report, and begin a new epoch after data loss", async () => {
    const client = connect({ retryStrategy: () => 10, maxRetriesPerRequest: 1 });
    const publisher = publisherOver(client);
    const before = await say(publisher, "before");
    await redis.kill();
    const names = ["a", "b", "c"];
    const published = names.map((name) => say(publisher, name));
    await until(() => troubles.length > 0);
    expect(troubles).toMatchObject([{ name: "PublishError", kind: "unreachable" }]);
    expect(publisher.waiting).toBe(3);
    await redis.restart();
    const ids = (await Promise.all(published)).map(({ id }) => id);
    expect(ids).toEqual(contiguous(ids));
    expect(Number(ids[0]?.split("-")[0])).toBeGreaterThan(Number(before.id.split("-")[0]));
    expect(await messages()).toEqual(names);
  });

  test("a replica that refuses writes holds updates back until it is a primary", async () => {
    const publisher = publisherOver(connect());
    // Of a port without a server: it stays a replica and answers READONLY.
    await observer.config("SET", "replica-serve-stale-data", "yes");
    await observer.replicaof("127.0.0.1", "1");
    const published = say(publisher, "x");
    await until(() => troubles.length > 0);
    expect(troubles[0]?.message).toContain("READONLY");
    await observer.replicaof("NO", "ONE");
    await published;
    expect(await messages()).toEqual(["x"]);
  });

  test("another key in the history's place is reported with a sentence, not retried for ever", async () => {
    await observer.set(historyKey, "somebody's");
    const publisher = publisherOver(connect());
    await expect(say(publisher, "x")).rejects.toMatchObject({
      name: "PublishError",
      kind: "refused",
      message: expect.stringContaining(historyKey),
    });
  });

  test("the history keeps as many as the publisher wants", async () => {
    const publisher = createPublisher(connect(), { historyLength: 2 });
    await Promise.all(["a", "b", "c"].map((name) => say(publisher, name)));
    expect(await messages()).toEqual(["b", "c"]);
  });

  test("a gateway streams them with their ids", async () => {
    const gateway = await Gateway.start({ redis: redis.address });
    const stream = await EventStream.open(gateway.url("/api/registrations/updates/stream?registrationId=42"));
    expect(await stream.next()).toMatchObject({ type: "connected" });
    const publisher = publisherOver(connect());
    const stage = await say(publisher, "Found 5 accounts");
    const final = await publisher.publishFinalStatus(42, "APPROVED", "Validated", { accountsFound: 5 }, [
      { step: "t24_lookup" },
    ]);
    const own = await publisher.publish({ registrationId: 42, status: "ON_HOLD", branch: "Bole", timestamp: 7 });
    expect(await stream.nextUpdate()).toMatchObject({ stage: "t24_lookup", message: "Found 5 accounts", id: stage.id });
    expect(await stream.nextUpdate()).toMatchObject({
      status: "APPROVED",
      details: { accountsFound: 5 },
      processLog: [{ step: "t24_lookup" }],
      id: final.id,
    });
    expect(await stream.nextUpdate()).toEqual({
      registrationId: 42,
      status: "ON_HOLD",
      message: "",
      timestamp: 7,
      branch: "Bole",
      id: own.id,
    });
    stream.close();
    await gateway.stop();
  });
});

/** Polls once a loop turn; the test's own timeout bounds it. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await nextTurn();
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
