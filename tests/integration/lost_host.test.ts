// A lost host loses what its Redis had acknowledged but not synced.
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { EventStream } from "../processes/event_stream.ts";
import { Gateway } from "../processes/gateway.ts";
import { channel, RedisServer } from "../processes/redis.ts";

const update = (number: number): string =>
  JSON.stringify({ registrationId: 42, status: "PENDING", stage: "t24_lookup", message: `Number ${number}` });

describe("Redis and the gateway are lost together", () => {
  let redis: RedisServer;
  let gateway: Gateway;
  const start = async (options: { isDurable: boolean }): Promise<void> => {
    redis = await RedisServer.start(options.isDurable ? { isDurable: true } : { syncsEachSecond: true });
    gateway = await Gateway.start({ redis: redis.address, hasDemo: false });
  };
  const restart = async (): Promise<void> => {
    gateway = await Gateway.start({ redis: redis.address, hasDemo: false, port: gateway.port });
  };
  afterEach(async () => {
    await gateway.stop("SIGKILL");
    await redis.stop();
  });

  /** Publishes updates and returns their ids, as a stream delivers them. */
  const publish = async (stream: EventStream, ...numbers: number[]): Promise<string[]> => {
    const client = redis.connect();
    const ids: string[] = [];
    for (const number of numbers) {
      await client.publish(channel, update(number));
      const next = await stream.nextUpdate();
      expect(next.message).toBe(`Number ${number}`);
      ids.push(next.id ?? "");
    }
    client.disconnect();
    return ids;
  };
  const open = (cursor?: string): Promise<EventStream> =>
    EventStream.open(
      gateway.url(
        `/api/registrations/updates/stream?registrationId=42${cursor === undefined ? "" : `&lastEventId=${cursor}`}`,
      ),
    );

  describe("with a Redis that syncs once a second", () => {
    beforeEach(() => start({ isDurable: false }));

    test("a cursor of a lost update is not taken for the update in its place", async () => {
      const before = await open();
      await publish(before, 1, 2, 3);
      await redis.backUp();
      const lost = await publish(before, 4, 5);
      await gateway.stop("SIGKILL");
      await redis.kill();
      await redis.restartWithBackup();
      await restart();

      // The others get as many updates as were lost before the client returns.
      const others = await open();
      const kept = await others.next();
      expect(kept).toMatchObject({ type: "connected" });
      expect(await others.next()).toMatchObject({ type: "snapshot", data: { message: "Number 3" } });
      const given = await publish(others, 6, 7, 8);
      expect(given.filter((id) => lost.includes(id))).toEqual([]);

      const stream = await open(lost.at(-1));
      expect(await stream.next()).toMatchObject({ type: "connected" });
      expect(await stream.next()).toMatchObject({ type: "reset" });
      expect(await stream.next()).toMatchObject({ type: "snapshot", data: { message: "Number 8" } });
      await publish(stream, 9);
    });

    test("a stream that stays gets one reset, though nothing was lost", async () => {
      const stream = await open();
      await publish(stream, 1);
      await redis.untilWritten();
      await redis.kill();
      await redis.restart();
      expect(await stream.next()).toMatchObject({ type: "reset" });
      expect(await stream.next()).toMatchObject({ type: "snapshot", data: { message: "Number 1" } });
      const client = redis.connect();
      while ((await client.publish(channel, update(2))) === 0);
      expect((await stream.nextUpdate()).message).toBe("Number 2");
      client.disconnect();
    });
  });

  test("with a Redis that syncs each write, the cursor stays valid", async () => {
    await start({ isDurable: true });
    const before = await open();
    const [, second] = await publish(before, 1, 2, 3);
    await gateway.stop("SIGKILL");
    await redis.kill();
    await redis.restart();
    await restart();
    const stream = await open(second);
    expect(await stream.next()).toMatchObject({ type: "connected" });
    expect((await stream.nextUpdate()).message).toBe("Number 3");
    await publish(stream, 4);
  });
});
