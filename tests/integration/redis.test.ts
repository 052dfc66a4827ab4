import { execFile } from "node:child_process";
import { promisify } from "node:util";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { Child } from "../processes/child.ts";
import { EventStream, isFinal } from "../processes/event_stream.ts";
import { Gateway, regstream } from "../processes/gateway.ts";
import { channel, RedisServer } from "../processes/redis.ts";

const run = promisify(execFile);
const fast = ["--t24-latency-ms", "0", "--stage-pace-ms", "0", "--job-interval-ms", "3600000"];
const example = {
  registrationId: 42,
  status: "PENDING",
  stage: "duplicate_check",
  message: "Checking for duplicates",
  timestamp: 1702493000000,
};

/** The members that the history adds to an update. */
const eventId = expect.stringMatching(/^\d+-[1-9]\d*$/);

describe("through a real Redis", () => {
  let redis: RedisServer;
  let gateway: Gateway;
  beforeEach(async () => {
    redis = await RedisServer.start();
    gateway = await Gateway.start({ redis: redis.address, more: fast });
  });
  afterEach(async () => {
    await gateway.stop("SIGKILL");
    await redis.stop();
  });

  const openStream = async (of = gateway, query = ""): Promise<EventStream> => {
    const stream = await EventStream.open(of.url(`/api/registrations/updates/stream${query}`));
    expect(await stream.next()).toMatchObject({ type: "connected" });
    return stream;
  };
  const redisCli = (...args: string[]): Promise<{ stdout: string }> =>
    run("redis-cli", ["-p", String(redis.port), ...args]);

  test("a plain PUBLISH by redis-cli reaches the stream unchanged", async () => {
    const stream = await openStream();
    const odd = { ...example, somethingNew: { kept: [1, 2.5, "é"] } };
    const { stdout } = await redisCli("PUBLISH", channel, JSON.stringify(odd));
    expect(stdout.trim()).toBe("1");
    expect(await stream.nextUpdate()).toEqual({ ...odd, id: eventId });
  });

  test("a plain PUBLISH reaches other subscribers of the channel once", async () => {
    const subscriber = new Child("redis-cli", ["-p", String(redis.port), "SUBSCRIBE", channel]);
    await subscriber.untilOutput(/subscribe\n.*\n1\n/);
    const stream = await openStream();
    const client = redis.connect();
    await client.publish(channel, JSON.stringify(example));
    await stream.nextUpdate();
    await client.publish(channel, JSON.stringify({ ...example, message: "the next" }));
    await subscriber.untilOutput(/the next/);
    expect(subscriber.log.split("\n").filter((line) => line.startsWith("{"))).toHaveLength(2);
    client.disconnect();
    await subscriber.stop();
  });

  test("redis-cli SUBSCRIBE sees what the process route publishes", async () => {
    const subscriber = new Child("redis-cli", ["-p", String(redis.port), "SUBSCRIBE", channel]);
    await subscriber.untilOutput(/subscribe\n.*\n1\n/);
    await gateway.validate(42);
    await subscriber.untilOutput(/"status":"APPROVED"/);
    await subscriber.stop();
    const messages = subscriber.log
      .split("\n")
      .filter((line) => line.startsWith("{"))
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(messages[0]).toMatchObject({
      registrationId: 42,
      status: "PENDING",
      stage: "duplicate_check",
      stageStatus: "started",
    });
    expect(messages.at(-1)).toMatchObject({
      status: "APPROVED",
      details: { accountsFound: 5 },
      processLog: expect.any(Array),
    });
  });

  test("regstream publish reaches the stream, a stage and a final status alike", async () => {
    const stream = await openStream();
    const publish = async (...args: string[]): Promise<void> => {
      const child = regstream(["publish", ...args, "--redis", redis.address]);
      expect([await child.exited, child.log]).toEqual([0, expect.stringMatching(/^published \d+-[1-9]\d*\n$/)]);
    };
    await publish(
      "stage",
      "--registration",
      "7",
      "--stage",
      "t24_lookup",
      "--status",
      "completed",
      "--message",
      "Found 5 accounts",
    );
    await publish(
      "final",
      "--registration",
      "7",
      "--status",
      "FAILED",
      "--message",
      "No accounts",
      "--details",
      '{"accountsFound":0}',
    );
    expect(await stream.nextUpdate()).toMatchObject({
      registrationId: 7,
      stage: "t24_lookup",
      stageStatus: "completed",
    });
    expect(await stream.nextUpdate()).toMatchObject({
      registrationId: 7,
      status: "FAILED",
      details: { accountsFound: 0 },
    });
  });

  test("a malformed message is logged, counted and skipped, and the stream continues", async () => {
    const stream = await openStream();
    const client = redis.connect();
    const update = JSON.stringify(example);
    const broken = [
      "not json",
      `[${update},${update}]`,
      `${update}\n${update}\n`,
      "{}",
      '{"registrationId":42}',
      `{"registrationId":1,"status":"PENDING","details":${"[".repeat(10000)}`,
    ];
    for (const message of broken) await client.publish(channel, message);
    await client.publish(channel, JSON.stringify(example));
    expect(await stream.nextUpdate()).toEqual({ ...example, id: eventId });
    expect(await gateway.get("/api/health")).toMatchObject({
      malformed: broken.length,
      dropped: { notJson: 1, array: 1, severalValues: 1, registrationIdMissing: 1, statusMissing: 1, tooDeep: 1 },
    });
    await gateway.untilLog(
      /a message on the channel is not an update.*more than one JSON value: publish each update by itself/,
    );
    client.disconnect();
  });

  test("an id that PHP published as text matches the registration, and is forwarded as text", async () => {
    const stream = await openStream(gateway, "?registrationId=42");
    const client = redis.connect();
    await client.publish(channel, '{"registrationId":"42","status":"PENDING"}');
    expect(await stream.nextUpdate()).toEqual({ registrationId: "42", status: "PENDING", id: eventId });
    client.disconnect();
  });

  test("every gateway on one Redis shows a validation that another one runs", async () => {
    const other = await Gateway.start({ redis: redis.address, more: fast });
    const stream = await openStream(other, "?registrationId=42");
    await gateway.validate(42);
    const updates = await stream.updatesUntil(isFinal);
    expect(updates).toHaveLength(9);
    await other.stop("SIGKILL");
  });

  test("streams stay open while Redis is away, and continue when it is back", async () => {
    const stream = await openStream();
    await redis.kill();
    await gateway.untilLog(/retrying until it is back/);
    expect(await gateway.get("/api/health")).toMatchObject({ broker: { kind: "redis", connected: false } });

    await redis.restart();
    const client = redis.connect();
    await until(async () => ((await client.publish(channel, JSON.stringify(example))) > 0 ? true : undefined));
    // Pub/Sub keeps nothing: subscribers get a reset.
    expect(await stream.next()).toMatchObject({ type: "reset", timestamp: expect.any(Number) });
    expect(await stream.nextUpdate()).toEqual({ ...example, id: eventId });
    expect(await gateway.get("/api/health")).toMatchObject({ broker: { connected: true } });
    client.disconnect();
  });
});

describe("a Redis with a password", () => {
  let redis: RedisServer;
  beforeEach(async () => {
    redis = await RedisServer.start({ password: "correct horse" });
  });
  afterEach(() => redis.stop());

  test("the gateway reads it from REDIS_PASSWORD", async () => {
    const gateway = await Gateway.start({ redis: redis.address, redisPassword: "correct horse" });
    expect(await gateway.get("/api/health")).toMatchObject({ broker: { kind: "redis", connected: true } });
    await gateway.stop();
  });

  test.each([
    ["wrong password", "battery staple"],
    ["no password", undefined],
  ])("refuses %s with one line that names the variable, not the secret", async (_name, password) => {
    const child = regstream(
      ["serve", "--port", "0", "--redis", redis.address],
      password === undefined ? {} : { REDIS_PASSWORD: password },
    );
    expect(await child.exited).toBe(1);
    expect(child.log.trim().split("\n")).toHaveLength(1);
    expect(child.log).toMatch(/REDIS_PASSWORD/);
    expect(child.log).not.toContain("battery");
  });
});

/** Polls once a loop turn until there is an answer; the test's own timeout bounds it. */
async function until<T>(ask: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    await new Promise((resolve) => setImmediate(resolve));
  }
}
