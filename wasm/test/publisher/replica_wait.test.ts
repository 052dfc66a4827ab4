import { EventEmitter } from "node:events";

import { beforeEach, describe, expect, it, vi } from "vitest";

import { createPublisher, type PublishError } from "../../src/publisher.js";
import { FakeClock, settle } from "../fakes.js";

type Answer = Promise<unknown>;

/** A client of the publisher's own. The test answers its calls in their order. */
class OwnClient extends EventEmitter {
  status = "ready";
  isReady = true;
  readonly calls: {
    readonly words: readonly unknown[];
    readonly resolve: (reply: unknown) => void;
    readonly reject: (error: Error) => void;
  }[] = [];
  readonly connect = vi.fn(() => Promise.resolve());
  readonly disconnect = vi.fn();

  readonly ask = (...words: unknown[]): Answer =>
    new Promise((resolve, reject) => this.calls.push({ words, resolve, reject }));
  readonly evalsha = (_digest: string, ...rest: unknown[]): Answer => this.ask("evalsha", ...rest.slice(-1));
  readonly evalSha = (_digest: string, { arguments: args }: { arguments: string[] }): Answer =>
    this.ask("evalsha", ...args.slice(-1));
  readonly eval = (): Answer => this.ask("eval");
  readonly wait = (...words: unknown[]): Answer => this.ask("wait", ...words);
}

const notForThem = (): never => expect.fail("the application's own client was asked");

const shapes = [
  {
    name: "ioredis",
    clientOver: (own: OwnClient) => ({
      status: "ready",
      evalsha: notForThem,
      eval: notForThem,
      duplicate: vi.fn(() => own),
    }),
  },
  {
    name: "node-redis",
    clientOver: (own: OwnClient) => ({
      isReady: true,
      evalSha: notForThem,
      eval: notForThem,
      duplicate: vi.fn(() => own),
    }),
  },
] as const;

describe.each(shapes)("a publisher that waits for replicas, over $name", ({ clientOver }) => {
  let own: OwnClient;
  let clock: FakeClock;
  let troubles: PublishError[];
  let recoveries: number;
  beforeEach(() => {
    own = new OwnClient();
    clock = new FakeClock();
    troubles = [];
    recoveries = 0;
  });
  const create = () =>
    createPublisher(clientOver(own), {
      waitReplicas: 2,
      waitTimeoutMs: 300,
      clock,
      random: () => 1,
      onTrouble: (trouble) => troubles.push(trouble),
      onRecovery: () => ++recoveries,
    });
  const say = async (publisher: ReturnType<typeof create>) => {
    const published = publisher.publish({ registrationId: 1, status: "FAILED" });
    await settle();
    return { published };
  };
  const answer = async (...replies: unknown[]) => {
    const waiting = own.calls.splice(0);
    replies.forEach((reply, index) =>
      reply instanceof Error ? waiting[index]?.reject(reply) : waiting[index]?.resolve(reply),
    );
    await settle();
  };
  const asked = () => own.calls.map(({ words }) => words[0]);

  it("uses a client of its own, with a WAIT after each call", async () => {
    const { published } = await say(create());
    expect(asked()).toEqual(["evalsha", "wait"]);
    expect(own.calls[1]?.words).toEqual(["wait", 2, 300]);
    await answer(["1-1"], 2);
    expect(await published).toEqual({ id: "1-1" });
    expect(troubles).toEqual([]);
  });

  it("sends a batch that too few replicas have again, unchanged, until enough have it", async () => {
    const { published } = await say(create());
    const sent = own.calls[0]?.words;
    for (const delayMs of [250, 500]) {
      await answer(["1-1"], 1);
      expect(own.calls).toEqual([]);
      clock.advance(delayMs);
      expect(own.calls[0]?.words).toEqual(sent);
    }
    expect(troubles).toMatchObject([
      { kind: "unreplicated", message: expect.stringContaining("1 of 2 replicas have it after 300 ms") as string },
    ]);
    await answer(["1-1"], "2");
    expect(await published).toEqual({ id: "1-1" });
    expect(recoveries).toBe(1);
  });

  it("doubles the wait after each one that was too short, up to four seconds, and keeps it", async () => {
    const publisher = create();
    const { published } = await say(publisher);
    for (const timeoutMs of [300, 600, 1_200, 2_400, 4_000, 4_000]) {
      expect(own.calls[1]?.words).toEqual(["wait", 2, timeoutMs]);
      await answer(["1-1"], 1);
      clock.advance(5_000);
    }
    await answer(["1-1"], 2);
    expect(await published).toEqual({ id: "1-1" });
    await say(publisher);
    expect(own.calls[1]?.words).toEqual(["wait", 2, 4_000]);
  });

  it("treats an error of WAIT as too few replicas", async () => {
    const { published } = await say(create());
    await answer(["1-1"], new Error("UNBLOCKED force unblock from blocking operation, instance state changed"));
    expect(troubles).toMatchObject([
      { kind: "unreplicated", message: expect.stringContaining("(UNBLOCKED)") as string },
    ]);
    clock.advance(250);
    await answer(["1-1"], new Error("Connection is closed."));
    expect(troubles.map(({ kind }) => kind)).toEqual(["unreplicated", "unreachable"]);
    clock.advance(500);
    await answer(["1-1"], 2);
    expect(await published).toEqual({ id: "1-1" });
  });

  it("ignores the WAIT of a call that failed: it counts another write", async () => {
    const { published } = await say(create());
    await answer(new Error("NOSCRIPT No matching script."), 2);
    expect(asked()).toEqual(["eval", "wait"]);
    await answer(["1-1"], 2);
    expect(await published).toEqual({ id: "1-1" });
  });

  it("gives up a call when its client reconnects before WAIT is answered", async () => {
    const { published } = await say(create());
    const [call, wait] = own.calls.splice(0);
    call?.resolve(["1-1"]);
    await settle();
    own.emit("ready");
    wait?.resolve(2); // On the new connection, which has written nothing.
    await settle();
    expect(asked()).toEqual(["evalsha", "wait"]);
    await answer(["1-1"], 2);
    expect(await published).toEqual({ id: "1-1" });
  });

  it("ends its own client with close", async () => {
    const publisher = create();
    await say(publisher);
    publisher.close();
    expect(own.disconnect).toHaveBeenCalledTimes(1);
  });
});

describe("a client to wait for replicas by", () => {
  const call = () => Promise.resolve(["1-1"]);
  const options = { waitReplicas: 1 };

  it("of ioredis is created with the publisher, and connects with its first update", () => {
    const own = new OwnClient();
    const duplicate = vi.fn(() => own);
    createPublisher({ status: "ready", evalsha: call, eval: call, duplicate } as never, options);
    expect(duplicate.mock.calls).toEqual([[{ lazyConnect: true, enableOfflineQueue: true }]]);
    expect(own.connect).not.toHaveBeenCalled();
  });

  it("of node-redis is connected for the first update, which waits for it", async () => {
    const own = new OwnClient();
    own.isReady = false;
    const publisher = createPublisher({ evalSha: call, eval: call, duplicate: () => own } as never, options);
    expect(own.connect).not.toHaveBeenCalled();
    void publisher.publish({ registrationId: 1, status: "FAILED" });
    await settle();
    expect([own.connect.mock.calls.length, own.calls.length]).toEqual([1, 0]);
    own.isReady = true;
    own.emit("ready");
    expect(own.calls).toHaveLength(2);
    publisher.close();
  });

  it.each<[string, object, RegExp]>([
    ["ioredis's cluster", { evalsha: call, isCluster: true, duplicate: call }, /with a cluster: WAIT has no key/],
    [
      "node-redis's cluster",
      { evalSha: call, getSlotRandomNode: call, sendCommand: call, duplicate: call },
      /with a cluster/,
    ],
    [
      "node-redis's sentinel client, which has no duplicate()",
      { evalSha: call, getSentinelNode: call },
      /duplicate\(\)/,
    ],
  ])("is not %s", (_name, client, why) => {
    expect(() => createPublisher({ eval: call, ...client } as never, options)).toThrow(TypeError);
    expect(() => createPublisher({ eval: call, ...client } as never, options)).toThrow(why);
    expect(() => createPublisher({ eval: call, ...client } as never)).not.toThrow();
  });
});
