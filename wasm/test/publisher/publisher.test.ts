import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { beforeEach, describe, expect, it, vi } from "vitest";

import { historyScript, historyScriptDigest } from "../../src/generated/history_script.js";
import { passingErrors } from "../../src/generated/passing_errors.js";
import type { PublisherOptions } from "../../src/publisher.js";
import { createPublisher, PublishError } from "../../src/publisher.js";
import type { IoredisLike } from "../../src/publisher/ioredis_runner.js";
import { FakeRedis, shapes } from "./fake_redis.js";
import { FakeClock, settle } from "../fakes.js";

const scriptPath = fileURLToPath(new URL("../../../native/broker/scripts/history.lua", testUrl()).href);

/** In one step, Vite would take it for an asset of a page. */
function testUrl(): string {
  return import.meta.url;
}

const noScript = new Error("NOSCRIPT No matching script. Please use EVAL.");

describe("the history's script", () => {
  it("is the very text that the native broker sends", () => {
    expect(historyScript).toBe(readFileSync(scriptPath, "utf8"));
  });

  it("has the digest by which Redis knows it", () => {
    expect(historyScriptDigest).toBe(createHash("sha1").update(readFileSync(scriptPath)).digest("hex"));
  });
});

describe.each(shapes)("a publisher over $name", ({ clientOf }) => {
  let redis: FakeRedis;
  let clock: FakeClock;
  let troubles: PublishError[];
  let recoveries: number;
  beforeEach(() => {
    redis = new FakeRedis();
    clock = new FakeClock();
    troubles = [];
    recoveries = 0;
  });
  const create = (options: PublisherOptions = {}) =>
    createPublisher(clientOf(redis), {
      clock,
      now: () => 1702493000000,
      random: () => 1,
      onTrouble: (trouble) => troubles.push(trouble),
      onRecovery: () => ++recoveries,
      ...options,
    });
  const say = (publisher: ReturnType<typeof create>, message: string, key?: string) =>
    publisher.publishStageUpdate(42, "t24_lookup", "completed", message, { key });
  const kindsTold = () => troubles.map(({ kind }) => kind);

  it("calls the script as the native broker does", async () => {
    const published = say(create(), "Found 5 accounts", "job-7");
    const message =
      '{"registrationId":42,"status":"PENDING","stage":"t24_lookup","stageStatus":"completed",' +
      '"message":"Found 5 accounts","timestamp":1702493000000}';
    expect(redis.last).toMatchObject({
      by: "digest",
      keys: [
        "{service:registration-updates}:history",
        "{service:registration-updates}:server",
        expect.stringMatching(/^\{service:registration-updates\}:publisher:[0-9a-f-]{36}$/),
        "{service:registration-updates}:key:job-7",
      ],
      args: [
        ...["publish", "0-0", "10000", "67108864", "service:registration-updates", "", "600000"],
        ...["1", "1", "1", message],
      ],
    });
    redis.last.accept();
    expect(await published).toEqual({ id: "1702493000000-1" });
  });

  it("tells the script the limits that it was given", () => {
    void say(create({ historyLength: 5, historyBytes: 2 ** 21, keyLifetimeMs: 1_000 }), "x");
    expect(redis.last.args.slice(2, 7)).toEqual(["5", "2097152", "service:registration-updates", "", "1000"]);
  });

  it("sends the script's text where Redis does not know it", async () => {
    const published = say(create(), "x");
    const { keys, args } = redis.last;
    redis.last.fail(noScript);
    await settle();
    expect(redis.calls).toHaveLength(2);
    expect(redis.last).toMatchObject({ by: historyScript, keys, args });
    redis.last.accept();
    expect(await published).toEqual({ id: "1702493000000-1" });
    expect(troubles).toEqual([]);
  });

  it("tells Redis the greatest id that it has met", async () => {
    const publisher = create();
    for (const [answer, known] of [
      ["9-9", "0-0"],
      ["9-10", "9-9"],
      ["9-2", "9-10"],
      ["10-1", "9-10"],
      ["10-2", "10-1"],
    ] as const) {
      const published = say(publisher, "x");
      expect(redis.last.args[1]).toBe(known);
      redis.last.answer([answer]);
      expect(await published).toEqual({ id: answer });
    }
  });

  it("takes an id that the client gives as bytes", async () => {
    const published = say(create(), "x");
    redis.last.answer([Buffer.from("1702493000000-7")]);
    expect(await published).toEqual({ id: "1702493000000-7" });
  });

  it("sends one at a time, in order", async () => {
    const publisher = create();
    const published = ["a", "b", "c"].map((message) => say(publisher, message));
    for (const sent of [1, 2, 3]) {
      expect(redis.calls).toHaveLength(sent);
      expect(publisher.waiting).toBe(4 - sent);
      redis.last.accept();
      await settle();
    }
    expect(redis.messages).toEqual(["a", "b", "c"]);
    expect(await Promise.all(published)).toEqual([1, 2, 3].map((n) => ({ id: `1702493000000-${n}` })));
    expect(clock.timers).toBe(0);
  });

  it("sends again under the same key, before all others, what may not have arrived", async () => {
    const publisher = create();
    const published = ["a", "b"].map((message) => say(publisher, message));
    redis.last.fail(new Error("Socket closed unexpectedly"));
    await settle();
    expect(kindsTold()).toEqual(["unreachable"]);
    expect(redis.calls).toHaveLength(1);
    clock.advance(250);
    expect(redis.calls).toHaveLength(2);
    expect(redis.calls[1]?.keys).toEqual(redis.calls[0]?.keys);
    redis.last.accept();
    await settle();
    redis.last.accept();
    await Promise.all(published);
    expect(redis.messages).toEqual(["a", "b"]);
  });

  it("publishes once what had arrived when its acknowledgement was lost", async () => {
    const publisher = create();
    const published = say(publisher, "a");
    const next = say(publisher, "b");
    redis.last.acceptSilently();
    await settle();
    clock.advance(250);
    redis.last.accept();
    expect(await published).toEqual({ id: "1702493000000-1" });
    redis.last.accept();
    expect(await next).toEqual({ id: "1702493000000-2" });
    expect(redis.messages).toEqual(["a", "b"]);
  });

  it.each(passingErrors.map(({ code }) => `${code} in Redis's words`))(
    "waits for what passes, and says so once: %s",
    async (reply) => {
      const published = say(create(), "x");
      for (const delayMs of [250, 500, 1_000, 2_000, 4_000, 5_000, 5_000]) {
        const calls = redis.calls.length;
        redis.last.fail(new Error(reply));
        await settle();
        clock.advance(delayMs - 1);
        expect(redis.calls).toHaveLength(calls);
        clock.advance(1);
        expect(redis.calls).toHaveLength(calls + 1);
      }
      redis.last.accept();
      await published;
      expect(kindsTold()).toEqual(["unreachable"]);
      expect(recoveries).toBe(1);
    },
  );

  it("waits for what passes for longer than Redis keeps keys, since that is not in the history", async () => {
    const published = say(create({ keyLifetimeMs: 1_000 }), "x");
    for (const delayMs of [250, 500, 1_000, 2_000, 4_000]) {
      redis.last.fail(new Error("OOM command not allowed"));
      await settle();
      clock.advance(delayMs);
    }
    redis.last.accept();
    expect(await published).toEqual({ id: "1702493000000-1" });
  });

  it("gives up in time what may be in the history, also while Redis refuses", async () => {
    const published = say(create({ keyLifetimeMs: 1_000 }), "x");
    redis.last.fail(new Error("Connection is closed."));
    await settle();
    clock.advance(250);
    redis.last.fail(new Error("BUSY Redis is busy running a script."));
    await settle();
    clock.advance(1_000);
    await expect(published).rejects.toMatchObject({ kind: "unknown_outcome" });
  });

  it("gives nothing to a client without a connection, and all of it once there is one", async () => {
    redis.isReady = false;
    const publisher = create();
    const published = ["a", "b"].map((message) => say(publisher, message));
    // Longer than Redis keeps keys: what was never sent waits as long as it takes.
    clock.advance(3_600_000);
    await settle();
    expect(redis.calls).toEqual([]);
    expect(kindsTold()).toEqual(["unreachable"]);
    redis.connect();
    redis.last.accept();
    await settle();
    redis.last.accept();
    await Promise.all(published);
    expect(redis.messages).toEqual(["a", "b"]);
    expect([clock.timers, redis.listenerCount("ready")]).toEqual([0, 0]);
  });

  it("says nothing of a connection that comes soon", async () => {
    redis.isReady = false;
    const published = say(create(), "x");
    clock.advance(1_000);
    redis.connect();
    redis.last.accept();
    await published;
    clock.advance(10_000);
    expect(troubles).toEqual([]);
  });

  it("tells a trouble again after Redis was back", async () => {
    const publisher = create();
    for (const times of [1, 2]) {
      const published = say(publisher, "x");
      for (let tries = 0; tries < 3; ++tries) {
        redis.last.fail(new Error("Connection is closed."));
        await settle();
        clock.advance(5_000);
      }
      redis.last.accept();
      await published;
      expect(troubles).toHaveLength(times);
    }
  });

  it("drops what exceeds the number that may wait, says so, and goes on", async () => {
    const publisher = create({ waitingMax: 2 });
    const published = ["a", "b"].map((message) => say(publisher, message));
    const dropped = say(publisher, "c");
    void say(publisher, "d");
    await expect(dropped).rejects.toMatchObject({ name: "PublishError", kind: "full" });
    expect(kindsTold()).toEqual(["full"]);
    redis.last.accept();
    await settle();
    const more = say(publisher, "e");
    redis.last.accept();
    await settle();
    redis.last.accept();
    await Promise.all([...published, more]);
    expect(redis.messages).toEqual(["a", "b", "e"]);
  });

  it("drops what exceeds the bytes that may wait", async () => {
    const publisher = create({ waitingBytesMax: 2 ** 20 });
    const half = "é".repeat(2 ** 18);
    const first = say(publisher, half);
    await expect(say(publisher, half)).rejects.toMatchObject({ kind: "full" });
    redis.last.accept();
    await first;
    const second = say(publisher, half);
    redis.last.accept();
    await second;
    expect(redis.history).toHaveLength(2);
  });

  it("rejects what Redis refuses, and goes on with the next", async () => {
    const publisher = create();
    const refused = say(publisher, "a");
    const next = say(publisher, "b");
    redis.last.fail(new Error("WRONGTYPE Operation against a key holding the wrong kind of value"));
    await expect(refused).rejects.toMatchObject({
      kind: "refused",
      message: expect.stringContaining("rename or delete"),
    });
    expect(kindsTold()).toEqual(["refused"]);
    redis.last.accept();
    await next;
    expect(redis.messages).toEqual(["b"]);
  });

  it.each([[null], [[]], ["9-9"], [["9-9", "9-10"]], [[null]]])("rejects an answer that is no id: %j", async (answer) => {
    const published = say(create(), "x");
    redis.last.answer(answer);
    await expect(published).rejects.toMatchObject({ kind: "refused" });
  });

  it("rejects an update that Redis refuses by itself", async () => {
    const published = say(create(), "x");
    redis.last.answer(["ERR the update is no JSON object"]);
    await expect(published).rejects.toMatchObject({
      kind: "refused",
      message: "redis refused the update: ERR the update is no JSON object (ERR)",
    });
  });

  it("sends again what the client forgot with its connection, without a word", async () => {
    const publisher = create();
    const published = ["a", "b"].map((message) => say(publisher, message));
    const forgotten = redis.last;
    redis.connect();
    expect(redis.calls.map(({ keys, args }) => [keys, args])).toEqual([
      [forgotten.keys, forgotten.args],
      [forgotten.keys, forgotten.args],
    ]);
    redis.last.accept();
    await settle();
    // Or it was not forgotten.
    forgotten.fail(new Error("Connection is closed."));
    await settle();
    redis.last.accept();
    await Promise.all(published);
    expect([redis.messages, troubles]).toEqual([["a", "b"], []]);
    expect(redis.listenerCount("ready")).toBe(0);
  });

  it("gives up what a client keeps longer than Redis keeps its key, and ignores a late answer", async () => {
    const publisher = create({ keyLifetimeMs: 60_000 });
    const lost = say(publisher, "a");
    const next = say(publisher, "b");
    const kept = redis.last;
    clock.advance(54_999);
    expect([redis.calls.length, kindsTold()]).toEqual([1, ["unreachable"]]);
    clock.advance(1);
    await expect(lost).rejects.toMatchObject({ kind: "unknown_outcome" });
    expect(redis.calls).toHaveLength(2);
    kept.fail(noScript);
    await settle();
    expect(redis.calls).toHaveLength(2);
    redis.last.accept();
    expect(await next).toEqual({ id: "1702493000000-1" });
  });

  it("does not send again what Redis may have forgotten the key of", async () => {
    const publisher = create({ keyLifetimeMs: 60_000 });
    const lost = say(publisher, "a");
    const next = say(publisher, "b");
    redis.isReady = false;
    redis.last.acceptSilently();
    await settle();
    clock.sleep(55_001);
    redis.connect();
    await expect(lost).rejects.toMatchObject({ kind: "unknown_outcome" });
    redis.last.accept();
    await next;
    expect(redis.messages).toEqual(["a", "b"]);
  });

  it("numbers its updates under a name of its own, and one key makes two publishes one", async () => {
    const publisher = create();
    const other = create();
    const numbers: unknown[] = [];
    const names = new Set<unknown>();
    for (const one of [publisher, publisher, other]) {
      const published = say(one, "x");
      names.add(redis.last.keys[2]);
      numbers.push(redis.last.args[7]);
      redis.last.accept();
      await published;
    }
    expect(names.size).toBe(2);
    expect(numbers).toEqual(["1", "2", "1"]);
    const ids: unknown[] = [];
    for (const one of [publisher, other]) {
      const published = say(one, "y", "once");
      redis.last.accept();
      ids.push(await published);
    }
    expect(ids[1]).toEqual(ids[0]);
    expect(redis.history).toHaveLength(4);
  });

  it("ends with close: nothing is sent any more, and everybody is told", async () => {
    const publisher = create();
    const sent = say(publisher, "a");
    const unsent = say(publisher, "b");
    publisher.close();
    await expect(sent).rejects.toMatchObject({ kind: "unknown_outcome" });
    await expect(unsent).rejects.toMatchObject({ kind: "closed" });
    await expect(say(publisher, "c")).rejects.toMatchObject({ kind: "closed" });
    redis.last.fail(new Error("Connection is closed."));
    await settle();
    clock.advance(10_000);
    expect([redis.calls.length, clock.timers, publisher.waiting]).toEqual([1, 0, 0]);
  });

  it("ends with close while it waits for a connection, too", () => {
    redis.isReady = false;
    const publisher = create();
    void say(publisher, "a");
    publisher.close();
    redis.connect();
    expect([redis.calls.length, clock.timers, redis.listenerCount("ready")]).toEqual([0, 0, 0]);
  });

  it("touches the client with the first publish, and not before", () => {
    create();
    expect([redis.calls.length, clock.timers, redis.listenerCount("ready")]).toEqual([0, 0, 0]);
  });

  it.each(["", "k".repeat(257), "é".repeat(129), "\ud800", 7 as unknown as string])("rejects the key %j", async (key) => {
    await expect(say(create(), "x", key)).rejects.toThrow(TypeError);
    expect(redis.calls).toEqual([]);
  });
});

describe("a publisher's client", () => {
  const call = () => Promise.resolve(["1-1"]);

  it.each([
    ["nothing", null],
    ["something else", { get: call }],
    ["node-redis 3, which answers by callbacks", { evalsha: call, eval: call, internal_send_command: call }],
  ])("is not %s", (_name, client) => {
    const expected = new TypeError("redis must be a client of ioredis, or of node-redis 4 or 5");
    expect(() => createPublisher(client as never)).toThrow(expected);
  });

  it.each<[string, object, RegExp]>([
    ["a keyPrefix", { options: { keyPrefix: "app:" } }, /keyPrefix/],
    ["ioredis's other database", { options: { db: 1 } }, /database 0/],
    ["ioredis's other database, selected later", { options: { db: 0 }, condition: { select: 2 } }, /database 0/],
    ["node-redis's other database", { options: { database: 1 } }, /database 0/],
    ["the database of an ioredis cluster's nodes", { isCluster: true, options: { redisOptions: { db: 1 } } }, /database 0/],
    ["that of a node-redis cluster's", { getSlotRandomNode: call, _options: { defaults: { database: 1 } } }, /database 0/],
    ["a cluster's keyPrefix", { isCluster: true, options: { keyPrefix: "app:" } }, /keyPrefix/],
    ["a pipeline", { isPipeline: true }, /pipeline/],
    ["a transaction", { execAsPipeline: call }, /transaction/],
    ["ioredis's read-only connection", { options: { readOnly: true } }, /read-only/],
    ["node-redis's read-only connection", { options: { readonly: true } }, /read-only/],
    ["a sentinel's replica", { options: { role: "slave" } }, /primary/],
  ])("does not split the history: %s", (_name, more, why) => {
    for (const methods of [
      { evalsha: call, eval: call },
      { evalSha: call, eval: call },
    ]) {
      expect(() => createPublisher({ ...methods, ...more })).toThrow(TypeError);
      expect(() => createPublisher({ ...methods, ...more })).toThrow(why);
    }
  });

  it("may have settings that leave the history alone", () => {
    const options = { db: 0, database: 0, keyPrefix: "", readOnly: false, stringNumbers: true, RESP: 3 };
    const client = { evalsha: call, eval: call, options, condition: null };
    expect(() => createPublisher(client)).not.toThrow();
  });

  it("is asked again before each update, for it may select another database at any time", async () => {
    const condition = { select: 0 };
    const publisher = createPublisher(
      { status: "ready", evalsha: call, eval: call, condition } as IoredisLike,
      { onTrouble: () => undefined },
    );
    const say = () => publisher.publish({ registrationId: 1, status: "FAILED" });
    await say();
    condition.select = 3;
    await expect(say()).rejects.toMatchObject({ kind: "refused", message: expect.stringContaining("database 0") });
    condition.select = 0;
    expect(await say()).toEqual({ id: "1-1" });
  });

  it("connects anew where a replica refused, if it comes back by itself", async () => {
    const clock = new FakeClock();
    const disconnect = vi.fn();
    const evalsha = vi.fn(() => Promise.reject(new Error("READONLY You can't write against a read only replica.")));
    const client = { status: "ready", evalsha, eval: call, disconnect, options: { retryStrategy: () => 1 } };
    const publisher = createPublisher(client as IoredisLike, { clock, random: () => 1, onTrouble: () => undefined });
    void publisher.publish({ registrationId: 1, status: "FAILED" });
    await settle();
    expect(disconnect).not.toHaveBeenCalled();
    clock.advance(250);
    expect(disconnect.mock.calls).toEqual([[true]]);
    expect(evalsha).toHaveBeenCalledTimes(1);
    clock.advance(500);
    expect(evalsha).toHaveBeenCalledTimes(2);
    publisher.close();
    expect(clock.timers).toBe(0);
  });

  it("may connect with the first command", async () => {
    const publisher = createPublisher({ status: "wait", evalsha: call, eval: call });
    expect(await publisher.publish({ registrationId: 1, status: "FAILED" })).toEqual({ id: "1-1" });
  });
});

describe("a publisher's options", () => {
  it.each([
    { historyLength: 0 },
    { historyLength: 1_000_001 },
    { historyBytes: 2 ** 21 - 1 },
    { historyBytes: 2 ** 32 + 1 },
    { keyLifetimeMs: 999 },
    { keyLifetimeMs: 86_400_001 },
    { waitingMax: 0 },
    { waitingMax: 1.5 },
    { waitingBytesMax: 100 },
  ])("can't be %j", (options) => {
    const [name = ""] = Object.keys(options);
    const create = () => createPublisher({ status: "ready", evalsha: vi.fn(), eval: vi.fn() }, options);
    expect(create).toThrow(TypeError);
    expect(create).toThrow(name);
  });

  it("onTrouble is by default a line on the console", () => {
    const warn = vi.spyOn(console, "warn").mockReturnValue();
    const clock = new FakeClock();
    const publisher = createPublisher({ status: "reconnecting", evalsha: vi.fn(), eval: vi.fn() }, { clock });
    void publisher.publish({ registrationId: 1, status: "FAILED" });
    clock.advance(10_000);
    expect(warn.mock.calls).toEqual([[expect.stringMatching(/^regstream: redis has taken no update for 2000 ms:/)]]);
    publisher.close();
    warn.mockRestore();
  });
});

describe("importing the publisher", () => {
  it("touches no network, no timer and no module", async () => {
    const touched = vi.fn(() => {
      throw new Error("touched");
    });
    for (const name of ["fetch", "setTimeout", "setInterval"]) {
      vi.stubGlobal(name, touched);
    }
    vi.resetModules();
    const { createPublisher: create } = await import("../../src/publisher.js");
    create({ status: "ready", evalsha: touched, eval: touched });
    expect(touched).not.toHaveBeenCalled();
    vi.unstubAllGlobals();
  });
});
