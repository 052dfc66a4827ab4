import { describe, expect, it, vi } from "vitest";

import { createPublisher } from "../../src/publisher.js";
import type { IoredisLike } from "../../src/publisher/ioredis_runner.js";
import { FakeClock, settle } from "../fakes.js";

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
    [
      "the database of an ioredis cluster's nodes",
      { isCluster: true, options: { redisOptions: { db: 1 } } },
      /database 0/,
    ],
    [
      "that of a node-redis cluster's",
      { getSlotRandomNode: call, _options: { defaults: { database: 1 } } },
      /database 0/,
    ],
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

  it.each<[string, object, string]>([
    ["one server, by ioredis", { evalsha: call, eval: call, options: { host: "redis" } }, ""],
    ["sentinels, by ioredis", { evalsha: call, eval: call, options: { sentinels: [{ host: "a" }] } }, "moves"],
    ["a cluster, by ioredis", { evalsha: call, eval: call, isCluster: true }, "moves"],
    ["one server, by node-redis", { evalSha: call, eval: call }, ""],
    ["sentinels, by node-redis", { evalSha: call, eval: call, getSentinelNode: call }, "moves"],
  ])("tells the script whether servers replace each other: %s", async (_name, client, argument) => {
    const heard: string[] = [];
    const hear = (...all: unknown[]) => {
      heard.push(
        ...all.flatMap((one) => (typeof one === "object" ? (one as { arguments: string[] }).arguments : [String(one)])),
      );
      return call();
    };
    const method = "evalSha" in client ? "evalSha" : "evalsha";
    await createPublisher({ ...client, [method]: hear } as unknown as IoredisLike).publishStageUpdate(
      42,
      "t24_lookup",
      "started",
      "x",
    );
    expect(heard[heard.indexOf("publish") + 5]).toBe(argument);
  });

  it("is checked before each update, since it may select another database at any time", async () => {
    const condition = { select: 0 };
    const publisher = createPublisher({ status: "ready", evalsha: call, eval: call, condition } as IoredisLike, {
      onTrouble: () => undefined,
    });
    const say = () => publisher.publish({ registrationId: 1, status: "FAILED" });
    await say();
    condition.select = 3;
    await expect(say()).rejects.toMatchObject({ kind: "refused", message: expect.stringContaining("database 0") });
    condition.select = 0;
    expect(await say()).toEqual({ id: "1-1" });
  });

  it("is reconnected after a replica refused, if it reconnects by itself", async () => {
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
