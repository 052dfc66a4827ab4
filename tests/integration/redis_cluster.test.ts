import { randomUUID } from "node:crypto";

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";

import { EventStream, type StreamMessage } from "../processes/event_stream.ts";
import { Gateway } from "../processes/gateway.ts";
import { channel, historyKey, type RedisServer } from "../processes/redis.ts";
import { RedisCluster } from "../processes/redis_cluster.ts";

const registrationId = 42;

describe("with a cluster of three primaries, and a replica of the history's", () => {
  let cluster: RedisCluster;
  let gateway: Gateway;
  let stream: EventStream;
  beforeAll(async () => {
    cluster = await RedisCluster.start();
  });
  afterAll(() => cluster.stop());
  beforeEach(async () => {
    gateway = await Gateway.start({ environment: cluster.environment });
    stream = await EventStream.open(gateway.url(`/api/registrations/updates/stream?registrationId=${registrationId}`));
    expect(await next()).toMatchObject({ type: "connected" });
  });
  afterEach(async () => {
    stream.close();
    await gateway.stop("SIGKILL");
  });

  const next = async (): Promise<StreamMessage> => {
    for (;;) {
      const message = await stream.next();
      if (message.type !== "ping") return message;
    }
  };
  const nextUpdate = async (): Promise<string | undefined> => {
    for (;;) {
      const message = await next();
      if (message.type === "update") return message.data.message;
      expect(message.type).not.toBe("reset");
    }
  };
  /** Publishes through the gateway, which answers once Redis has acknowledged; retries until it does. */
  const publish = async (message: string): Promise<void> => {
    const key = randomUUID(); // Earlier tests have published the same messages.
    for (;;) {
      const response = await fetch(gateway.url(`/api/registrations/${registrationId}/updates`), {
        method: "POST",
        headers: { "Content-Type": "application/json", "Idempotency-Key": key },
        body: JSON.stringify({ status: "PENDING", stage: "duplicate_check", stageStatus: "started", message }),
      });
      if (response.ok) return;
      expect([response.status, await response.text()]).toEqual([503, expect.anything()]);
    }
  };
  /** Publishes one update after the other until the returned function is called, which returns those acknowledged. */
  const publishOn = (name: string): (() => Promise<string[]>) => {
    let isOver = false;
    const acknowledged: string[] = [];
    const publishing = (async () => {
      for (let number = 1; !isOver; ++number) {
        await publish(`${name} ${number}`);
        acknowledged.push(`${name} ${number}`);
      }
    })();
    return async () => {
      isOver = true;
      await publishing;
      return acknowledged;
    };
  };
  const heldBy = async (owner: RedisServer): Promise<string[]> => {
    const client = owner.connect();
    const entries = await client.xrange(historyKey, "-", "+");
    client.disconnect();
    return entries.flatMap(([, fields]) => (fields[1] ? [(JSON.parse(fields[1]) as { message: string }).message] : []));
  };

  test("updates go to the node of the workflow's slot, and a plain PUBLISH at any node is received", async () => {
    await publish("first");
    expect(await nextUpdate()).toBe("first");
    for (const [index, server] of cluster.servers.entries()) {
      const client = server.connect();
      await client.publish(channel, JSON.stringify({ registrationId, status: "PENDING", message: `bare ${index}` }));
      client.disconnect();
      expect(await nextUpdate()).toBe(`bare ${index}`);
    }
    expect(await heldBy(await cluster.owner())).toEqual(
      expect.arrayContaining(["first", "bare 0", "bare 1", "bare 2", "bare 3"]),
    );
  });

  test.each([
    ["is killed", (owner: RedisServer) => owner.kill(), (old: RedisServer) => old.restart()],
    ["stands still", (owner: RedisServer) => owner.pause(), (old: RedisServer) => old.resume()],
    ["hands over", () => cluster.handOver(), () => undefined],
  ])("when its primary %s, a stream gets one reset and continues", async (_, begin, comeBack) => {
    await publish("before");
    while ((await next()).type !== "update");
    await cluster.untilInStep();
    const before = await cluster.owner();
    await begin(before);
    expect(await next()).toMatchObject({ type: "reset" });
    expect(await next()).toMatchObject({ type: "snapshot", data: { message: "before" } });
    const owner = await cluster.untilOwnerIsNot(before);
    await publish("after");
    expect(await nextUpdate()).toBe("after");

    await comeBack(before);
    await cluster.untilInStep();
    await publish("once more");
    expect(await nextUpdate()).toBe("once more");
    expect((await heldBy(owner)).slice(-2)).toEqual(["after", "once more"]);
  });

  test("while the slot moves, publishers continue, and no acknowledged update is lost or doubled", async () => {
    const stop = publishOn("moving");
    expect(await nextUpdate()).toBe("moving 1");
    const owner = await cluster.moveSlot();
    while ((await next()).type !== "reset");
    await nextUpdateOrSnapshot();
    const acknowledged = await stop();
    await publish("last");
    const held = (await heldBy(owner)).filter((message) => message.startsWith("moving "));
    expect(held).toEqual(acknowledged);
    for (let message = await next(); ; message = await next()) {
      expect(message.type).toBe("update");
      if (message.type === "update" && message.data.message === "last") return;
    }
  });

  const nextUpdateOrSnapshot = async (): Promise<void> => {
    expect((await next()).type).toMatch(/^(update|snapshot)$/);
  };
});
