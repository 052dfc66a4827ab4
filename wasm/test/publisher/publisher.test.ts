import { beforeEach, describe, expect, it } from "vitest";

import { historyScript } from "../../src/generated/history_script.js";
import { passingErrors } from "../../src/generated/passing_errors.js";
import type { PublisherOptions } from "../../src/publisher.js";
import { createPublisher, type PublishError } from "../../src/publisher.js";
import { FakeRedis, shapes } from "./fake_redis.js";
import { FakeClock, settle } from "../fakes.js";

const noScript = new Error("NOSCRIPT No matching script. Please use EVAL.");

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
  /** Also lets the publisher send waiting updates. */
  const saySoon = async (publisher: ReturnType<typeof create>, message: string, key?: string) => {
    const published = say(publisher, message, key);
    await settle();
    return { published };
  };
  const messagesOf = (args: readonly string[]) =>
    args
      .slice(10)
      .filter((_, index) => index % 2 === 0)
      .map((text) => (JSON.parse(text) as { message: unknown }).message);
  const kindsTold = () => troubles.map(({ kind }) => kind);

  it("calls the script as the native broker does", async () => {
    const { published } = await saySoon(create(), "Found 5 accounts", "job-7");
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
        "publish",
        "0-0",
        "10000",
        "67108864",
        "service:registration-updates",
        "",
        "600000",
        "1",
        "1",
        "1",
        message,
      ],
    });
    redis.last.accept();
    expect(await published).toEqual({ id: "1702493000000-1" });
  });

  it("passes its limits to the script", async () => {
    await saySoon(create({ historyLength: 5, historyBytes: 2 ** 21, keyLifetimeMs: 1_000 }), "x");
    expect(redis.last.args.slice(2, 7)).toEqual(["5", "2097152", "service:registration-updates", "", "1000"]);
  });

  it("sends the script's text if Redis does not know it", async () => {
    const { published } = await saySoon(create(), "x");
    const { keys, args } = redis.last;
    redis.last.fail(noScript);
    await settle();
    expect(redis.calls).toHaveLength(2);
    expect(redis.last).toMatchObject({ by: historyScript, keys, args });
    redis.last.accept();
    expect(await published).toEqual({ id: "1702493000000-1" });
    expect(troubles).toEqual([]);
  });

  it("passes the greatest id that it has seen to Redis", async () => {
    const publisher = create();
    for (const [answer, known] of [
      ["9-9", "0-0"],
      ["9-10", "9-9"],
      ["9-2", "9-10"],
      ["10-1", "9-10"],
      ["10-2", "10-1"],
    ] as const) {
      const { published } = await saySoon(publisher, "x");
      expect(redis.last.args[1]).toBe(known);
      redis.last.answer([answer]);
      expect(await published).toEqual({ id: answer });
    }
  });

  it("accepts an id that the client returns as bytes", async () => {
    const { published } = await saySoon(create(), "x");
    redis.last.answer([Buffer.from("1702493000000-7")]);
    expect(await published).toEqual({ id: "1702493000000-7" });
  });

  it("sends updates of one turn in one call, in order", async () => {
    const publisher = create();
    const published = ["a", "b", "c"].map((message) => say(publisher, message));
    await settle();
    expect([redis.calls.length, publisher.waiting]).toEqual([1, 3]);
    redis.last.accept();
    expect(await Promise.all(published)).toEqual([1, 2, 3].map((n) => ({ id: `1702493000000-${n}` })));
    expect([redis.messages, publisher.waiting, clock.timers]).toEqual([["a", "b", "c"], 0, 0]);
  });

  it("has at most five calls in flight, and sends the rest as one when there is room", async () => {
    const publisher = create();
    const published: Promise<unknown>[] = [];
    for (const message of ["a", "b", "c", "d", "e", "f", "g"]) {
      published.push((await saySoon(publisher, message)).published);
    }
    expect(redis.calls.map(({ args }) => [args[7], args[8]])).toEqual([
      ["1", "1"],
      ["2", "0"],
      ["3", "0"],
      ["4", "0"],
      ["5", "0"],
    ]);
    redis.calls[0]?.accept();
    await settle();
    expect(redis.calls.map(({ args }) => messagesOf(args)).slice(5)).toEqual([["f", "g"]]);
    redis.calls.slice(1).forEach((call) => call.accept());
    await Promise.all(published);
    expect(redis.messages).toEqual(["a", "b", "c", "d", "e", "f", "g"]);
  });

  it("sends a batch that may not have arrived again unchanged, before all others", async () => {
    const publisher = create();
    const { published } = await saySoon(publisher, "a");
    redis.last.fail(new Error("Socket closed unexpectedly"));
    await settle();
    const next = say(publisher, "b");
    await settle();
    expect(kindsTold()).toEqual(["unreachable"]);
    expect(redis.calls).toHaveLength(1);
    clock.advance(250);
    expect(redis.calls.map(({ keys, args }) => [keys, args]).slice(1, 2)).toEqual([
      [redis.calls[0]?.keys, redis.calls[0]?.args],
    ]);
    redis.calls[1]?.accept();
    redis.calls[2]?.accept();
    await Promise.all([published, next]);
    expect(redis.messages).toEqual(["a", "b"]);
  });

  it("publishes an update once if it had arrived and its acknowledgement was lost", async () => {
    const publisher = create();
    const { published } = await saySoon(publisher, "a");
    redis.last.acceptSilently();
    await settle();
    const next = say(publisher, "b");
    clock.advance(250);
    redis.calls[1]?.accept();
    expect(await published).toEqual({ id: "1702493000000-1" });
    redis.calls[2]?.accept();
    expect(await next).toEqual({ id: "1702493000000-2" });
    expect(redis.messages).toEqual(["a", "b"]);
  });

  it.each(passingErrors.map(({ code }) => `${code} in Redis's words`))(
    "waits for what passes, and says so once: %s",
    async (reply) => {
      const { published } = await saySoon(create(), "x");
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

  it("waits through temporary refusals longer than Redis keeps keys", async () => {
    const { published } = await saySoon(create({ keyLifetimeMs: 1_000 }), "x");
    for (const delayMs of [250, 500, 1_000, 2_000, 4_000]) {
      redis.last.fail(new Error("OOM command not allowed"));
      await settle();
      clock.advance(delayMs);
    }
    redis.last.accept();
    expect(await published).toEqual({ id: "1702493000000-1" });
  });

  it("gives up updates that may be in the history in time, also while Redis refuses", async () => {
    const { published } = await saySoon(create({ keyLifetimeMs: 1_000 }), "x");
    redis.last.fail(new Error("Connection is closed."));
    await settle();
    clock.advance(250);
    redis.last.fail(new Error("BUSY Redis is busy running a script."));
    await settle();
    clock.advance(1_000);
    await expect(published).rejects.toMatchObject({ kind: "unknown_outcome" });
  });

  it("passes nothing to a client without a connection, and everything once there is one", async () => {
    redis.isReady = false;
    const publisher = create();
    const published = ["a", "b"].map((message) => say(publisher, message));
    await settle();
    // Longer than Redis keeps keys: an update that was never sent waits as long as it takes.
    clock.advance(3_600_000);
    await settle();
    expect(redis.calls).toEqual([]);
    expect(kindsTold()).toEqual(["unreachable"]);
    redis.connect();
    redis.last.accept();
    await Promise.all(published);
    expect(redis.messages).toEqual(["a", "b"]);
    expect([clock.timers, redis.listenerCount("ready")]).toEqual([0, 0]);
  });

  it("reports nothing if the connection comes soon", async () => {
    redis.isReady = false;
    const { published } = await saySoon(create(), "x");
    clock.advance(1_000);
    redis.connect();
    redis.last.accept();
    await published;
    clock.advance(10_000);
    expect(troubles).toEqual([]);
  });

  it("reports a trouble again after Redis was back", async () => {
    const publisher = create();
    for (const times of [1, 2]) {
      const { published } = await saySoon(publisher, "x");
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

  it("drops updates over the number that may wait, reports it, and continues", async () => {
    const publisher = create({ waitingMax: 2 });
    const published = ["a", "b"].map((message) => say(publisher, message));
    const dropped = say(publisher, "c");
    void say(publisher, "d");
    await expect(dropped).rejects.toMatchObject({ name: "PublishError", kind: "full" });
    expect(kindsTold()).toEqual(["full"]);
    redis.last.accept();
    await Promise.all(published);
    const { published: more } = await saySoon(publisher, "e");
    redis.last.accept();
    await more;
    expect(redis.messages).toEqual(["a", "b", "e"]);
  });

  it("drops updates over the bytes that may wait", async () => {
    const publisher = create({ waitingBytesMax: 2 ** 20 });
    const half = "é".repeat(2 ** 18);
    const first = say(publisher, half);
    await expect(say(publisher, half)).rejects.toMatchObject({ kind: "full" });
    redis.last.accept();
    await first;
    const { published: second } = await saySoon(publisher, half);
    redis.last.accept();
    await second;
    expect(redis.script.history).toHaveLength(2);
  });

  it("rejects an update that Redis refuses, and continues with the next", async () => {
    const publisher = create();
    const { published: refused } = await saySoon(publisher, "a");
    const { published: next } = await saySoon(publisher, "b");
    redis.calls[0]?.fail(new Error("WRONGTYPE Operation against a key holding the wrong kind of value"));
    await expect(refused).rejects.toMatchObject({
      kind: "refused",
      message: expect.stringContaining("rename or delete"),
    });
    expect(kindsTold()).toEqual(["refused"]);
    // Redis takes nothing behind a batch that it has not taken.
    redis.calls[1]?.accept();
    await settle();
    expect(redis.calls).toHaveLength(3);
    redis.last.accept();
    await next;
    expect(redis.messages).toEqual(["b"]);
  });

  it("rejects a single update of a batch that Redis refuses, with the reason", async () => {
    const publisher = create();
    const [good, bad] = ["a", "b"].map((message) => say(publisher, message));
    await settle();
    redis.last.answer(["1-1", "WRONGTYPE Operation against a key holding the wrong kind of value"]);
    expect(await good).toEqual({ id: "1-1" });
    await expect(bad).rejects.toMatchObject({
      kind: "refused",
      message: expect.stringContaining("rename or delete") as string,
    });
    expect(kindsTold()).toEqual(["refused"]);
  });

  it.each([null, "1-1", [], ["1-1", "1-2"], [null], [7]])("rejects an invalid answer: %j", async (answer) => {
    const { published } = await saySoon(create(), "x");
    redis.last.answer(answer);
    await expect(published).rejects.toMatchObject({ kind: "refused" });
  });

  it("sends updates again that the client silently forgot with its connection", async () => {
    const publisher = create();
    const published = ["a", "b"].map((message) => say(publisher, message));
    await settle();
    const forgotten = redis.last;
    redis.connect();
    expect(redis.calls.map(({ args }) => args)).toEqual([forgotten.args, forgotten.args]);
    redis.last.accept();
    await settle();
    // Or it was not forgotten.
    forgotten.fail(new Error("Connection is closed."));
    await Promise.all(published);
    expect([redis.messages, troubles]).toEqual([["a", "b"], []]);
    expect(redis.listenerCount("ready")).toBe(0);
  });

  it("gives up an update that a client keeps longer than Redis keeps its key, and ignores a late answer", async () => {
    const publisher = create({ keyLifetimeMs: 60_000 });
    const { published: lost } = await saySoon(publisher, "a");
    const kept = redis.last;
    clock.advance(54_999);
    expect([redis.calls.length, kindsTold()]).toEqual([1, ["unreachable"]]);
    clock.advance(1);
    await expect(lost).rejects.toMatchObject({ kind: "unknown_outcome" });
    kept.fail(noScript);
    await settle();
    expect(redis.calls).toHaveLength(1);
    const { published: next } = await saySoon(publisher, "b");
    redis.last.accept();
    expect(await next).toEqual({ id: "1702493000000-1" });
  });

  it("does not send an update again whose key Redis may have forgotten", async () => {
    const publisher = create({ keyLifetimeMs: 60_000 });
    const { published: lost } = await saySoon(publisher, "a");
    redis.isReady = false;
    redis.last.acceptSilently();
    await settle();
    const next = say(publisher, "b");
    clock.sleep(55_001);
    redis.connect();
    await expect(lost).rejects.toMatchObject({ kind: "unknown_outcome" });
    redis.last.accept();
    await next;
    expect(redis.messages).toEqual(["a", "b"]);
  });

  it("has a unique name, and one key makes two publishes one", async () => {
    const names = new Set<unknown>();
    const ids: unknown[] = [];
    for (const publisher of [create(), create()]) {
      const { published } = await saySoon(publisher, "y", "once");
      names.add(redis.last.keys[2]);
      redis.last.accept();
      ids.push(await published);
    }
    expect([names.size, redis.script.history.length]).toEqual([2, 1]);
    expect(ids[1]).toEqual(ids[0]);
  });

  it("ends with close: nothing is sent any more, and every promise is settled", async () => {
    const publisher = create();
    const { published: sent } = await saySoon(publisher, "a");
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

  it("also ends with close while it waits for a connection", async () => {
    redis.isReady = false;
    const publisher = create();
    await saySoon(publisher, "a");
    publisher.close();
    redis.connect();
    expect([redis.calls.length, clock.timers, redis.listenerCount("ready")]).toEqual([0, 0, 0]);
  });

  it("touches the client only with the first publish", () => {
    create();
    expect([redis.calls.length, clock.timers, redis.listenerCount("ready")]).toEqual([0, 0, 0]);
  });

  it.each(["", "k".repeat(257), "é".repeat(129), "\ud800", 7 as unknown as string])(
    "rejects the key %j",
    async (key) => {
      await expect(say(create(), "x", key)).rejects.toThrow(TypeError);
      expect(redis.calls).toEqual([]);
    },
  );
});
