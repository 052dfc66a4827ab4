import { randomUUID } from "node:crypto";

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";

import { EventStream, type StreamMessage } from "../processes/event_stream.ts";
import { Gateway } from "../processes/gateway.ts";
import { channel, historyKey, type RedisServer } from "../processes/redis.ts";
import { WatchedRedis } from "../processes/redis_sentinel.ts";

const registrationId = 42;

/** How a primary ends, and how it returns. */
const ends: Readonly<
  Record<
    string,
    {
      begin: (redis: WatchedRedis, primary: RedisServer) => unknown;
      comeBack: (redis: WatchedRedis, old: RedisServer) => unknown;
    }
  >
> = {
  "is killed": { begin: (_, primary) => primary.kill(), comeBack: (_, old) => old.restart() },
  "stands still": { begin: (_, primary) => primary.pause(), comeBack: (_, old) => old.resume() },
  "is cut off from the others but not from the gateway": {
    begin: (redis, primary) => redis.cutOff(primary),
    comeBack: (redis, old) => redis.reconnect(old),
  },
  "hands over": { begin: (redis) => redis.handOver(), comeBack: () => undefined },
};

describe("with a primary, two replicas and three sentinels", () => {
  let redis: WatchedRedis;
  let gateway: Gateway;
  let stream: EventStream;
  beforeAll(async () => {
    redis = await WatchedRedis.start();
  });
  afterAll(() => redis.stop());
  beforeEach(async () => {
    gateway = await Gateway.start({ environment: redis.environment });
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
  /** Publishes through the gateway, which answers once Redis has acknowledged; retries until it does. */
  const publish = async (message: string, by = gateway): Promise<void> => {
    const key = randomUUID(); // Earlier tests have published the same messages.
    for (;;) {
      const response = await fetch(by.url(`/api/registrations/${registrationId}/updates`), {
        method: "POST",
        headers: { "Content-Type": "application/json", "Idempotency-Key": key },
        body: JSON.stringify({ status: "PENDING", stage: "duplicate_check", stageStatus: "started", message }),
      });
      if (response.ok) return;
      expect([response.status, await response.text()]).toEqual([503, expect.anything()]);
    }
  };

  test.each(Object.keys(ends))(
    "when the primary %s, a stream gets one reset for each switch, and the current state",
    async (name) => {
      const { begin, comeBack } = ends[name] ?? expect.fail();
      const before = await redis.primary();
      await publish("before");
      while ((await next()).type !== "update");
      await redis.untilInStep();
      const switches = redis.switches;
      let resets = 1;
      const nextUpdate = async (): Promise<string | undefined> => {
        for (;;) {
          const message = await next();
          if (message.type === "update") return message.data.message;
          // On a busy machine the sentinels may take a live primary for dead.
          if (message.type === "reset") resets += 1;
        }
      };

      const primary = await redis.failOver((server) => begin(redis, server));
      expect(primary).not.toBe(before);
      expect(await next()).toMatchObject({ type: "reset" });
      expect(await next()).toMatchObject({ type: "snapshot", data: { message: "before" } });
      await publish("after");
      expect(await nextUpdate()).toBe("after");

      await comeBack(redis, before);
      await redis.untilInStep();
      await publish("once more");
      expect(await nextUpdate()).toBe("once more");
      await vi.waitFor(() => expect(redis.switches - switches).toBe(resets), 10_000);
      expect(await gateway.get("/api/health")).toMatchObject({ broker: { connected: true } });
    },
  );

  test("an update acknowledged by all replicas is there once after its primary was killed", async () => {
    const careful = await Gateway.start({ environment: { ...redis.environment, REDIS_WAIT_REPLICAS: "2" } });
    const numbers = Array.from({ length: 60 }, (_, number) => `safe ${number}`);
    const half = numbers.splice(0, 30);
    const before = await redis.primary();
    for (const message of half) await publish(message, careful);
    const rest = (async () => {
      for (const message of numbers) await publish(message, careful);
    })();
    await redis.failOver((server) => server.kill());
    await before.restart();
    await rest;
    const primary = await redis.primary();
    await redis.untilInStep();
    const client = primary.connect();
    const entries = await client.xrange(historyKey, "-", "+");
    client.disconnect();
    const held = entries.flatMap(([, fields]) =>
      fields[1] ? [(JSON.parse(fields[1]) as { message: string }).message] : [],
    );
    expect(held.filter((message) => message.startsWith("safe "))).toEqual([...half, ...numbers]);
    await careful.stop("SIGKILL");
  });

  test("a plain PUBLISH at the new primary is received and adopted", async () => {
    const primary = await redis.failOver(() => redis.handOver());
    while ((await next()).type !== "reset");
    const client = primary.connect();
    const bare = JSON.stringify({ registrationId, status: "PENDING", message: "bare" });
    while ((await client.publish(channel, bare)) === 0);
    client.disconnect();
    for (;;) {
      const message = await next();
      if (message.type === "update") {
        expect(message.data).toMatchObject({ message: "bare", id: expect.any(String) });
        return;
      }
    }
  });
});

test("a primary's name that no sentinel knows is reported, with what to do", async () => {
  const redis = await WatchedRedis.start({ replicas: 0 });
  const gateway = await Gateway.start({ environment: { ...redis.environment, REDIS_MASTER_NAME: "nobody" } });
  await gateway.untilLog(
    new RegExp(
      "no sentinel knows where the primary 'nobody' is " +
        "\\(127\\.0\\.0\\.1:\\d+: does not know the name 'nobody'; .*\\); retrying",
    ),
  );
  expect((await fetch(gateway.url("/readyz"))).status).toBe(503);
  await gateway.stop("SIGKILL");
  await redis.stop();
});
