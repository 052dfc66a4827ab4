// The gateway and Redis may start in any order: the gateway waits for what heals by itself, and stops for anything
// else.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

import { afterEach, describe, expect, test } from "vitest";

import { freePort } from "../processes/child.ts";
import { EventStream } from "../processes/event_stream.ts";
import { Gateway, regstream } from "../processes/gateway.ts";
import { channel, RedisServer } from "../processes/redis.ts";

const update = {
  registrationId: 42,
  status: "PENDING",
  stage: "t24_lookup",
  message: "Found 5 accounts",
  timestamp: 1702493000000,
};

const endings: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

async function startRedis(port: number, password?: string): Promise<RedisServer> {
  const server = await RedisServer.start(password === undefined ? { port } : { port, password });
  endings.push(() => server.stop());
  return server;
}

async function startGateway(redis: string): Promise<Gateway> {
  const gateway = await Gateway.start({ redis, hasDemo: false });
  endings.push(() => gateway.stop("SIGKILL"));
  return gateway;
}

async function readiness(gateway: Gateway): Promise<{ status: number; detail: unknown }> {
  const response = await fetch(gateway.url("/readyz"));
  const { detail } = (await response.json()) as { detail?: unknown };
  return { status: response.status, detail };
}

async function untilReady(gateway: Gateway): Promise<void> {
  while ((await readiness(gateway)).status !== 200) await new Promise((resolve) => setImmediate(resolve));
}

function count(log: string, pattern: RegExp): number {
  return [...log.matchAll(new RegExp(pattern, "g"))].length;
}

describe("a gateway that starts before Redis", () => {
  test("logs it once, is not ready, and serves when Redis comes", async () => {
    const port = await freePort();
    const gateway = await startGateway(`127.0.0.1:${port}`);
    expect(gateway.log).toMatch(/serving on .* \(broker: redis 127\.0\.0\.1:\d+, not connected yet\)/);
    await gateway.untilLog(/is redis-server running\?.*; retrying until it is back/);
    expect((await fetch(gateway.url("/livez"))).status).toBe(200);
    expect(await readiness(gateway)).toMatchObject({
      status: 503,
      detail: expect.stringContaining("redis refuses the connection"),
    });
    const stream = await EventStream.open(gateway.url("/api/registrations/updates/stream"));

    const redis = await startRedis(port);
    await gateway.untilLog(/connected to redis at/);
    expect(await stream.next()).toMatchObject({ type: "connected" });
    await redis.connect().publish(channel, JSON.stringify(update));
    expect(await stream.nextUpdate()).toMatchObject(update);
    await untilReady(gateway);
    expect(count(gateway.log, /is redis-server running/)).toBe(1);
  });

  test("waits for a name that does not exist yet", async () => {
    const gateway = await startGateway("no-such-host.invalid:6379");
    await gateway.untilLog(/the host's name can't be resolved/);
    expect(await readiness(gateway)).toMatchObject({
      status: 503,
      detail: expect.stringContaining("redis's host name can't be resolved"),
    });
  });

  test("keeps trying if the Redis that comes has another password, until the operator has corrected it", async () => {
    const port = await freePort();
    const gateway = await startGateway(`127.0.0.1:${port}`);
    const redis = await startRedis(port, "correct horse");
    await gateway.untilLog(/password missing: set REDIS_PASSWORD/);
    expect(await readiness(gateway)).toMatchObject({
      status: 503,
      detail: expect.stringContaining("redis does not accept the password"),
    });
    await redis.connect().config("SET", "requirepass", "");
    await untilReady(gateway);
  });
});

describe("a start that can't succeed by itself ends with one sentence", () => {
  async function failure(args: string[]): Promise<{ code: number | null; lines: string[] }> {
    const child = regstream(["serve", "--port", "0", ...args]);
    const code = await child.exited;
    return { code, lines: child.log.trim().split("\n") };
  }

  test("if the Redis of --require-redis is not running", async () => {
    const failed = await failure(["--require-redis", "--redis", `127.0.0.1:${await freePort()}`]);
    expect(failed).toEqual({ code: 1, lines: [expect.stringContaining("is redis-server running?")] });
  });

  test("if --require-redis is given without a Redis", async () => {
    const failed = await failure(["--require-redis"]);
    expect(failed).toEqual({ code: 2, lines: [expect.stringContaining("give --redis")] });
  });

  test("if something other than Redis listens", async () => {
    const server = createServer((_request, response) => response.end()).listen(0, "127.0.0.1");
    endings.push(() => server.close());
    await new Promise((resolve) => server.once("listening", resolve));
    const failed = await failure(["--redis", `127.0.0.1:${(server.address() as AddressInfo).port}`]);
    expect(failed).toEqual({ code: 1, lines: [expect.stringContaining("does not speak Redis's protocol")] });
  });

  test("if Redis does not permit what a gateway needs", async () => {
    const redis = await startRedis(await freePort());
    await redis.connect().call("ACL", "SETUSER", "default", "-ping");
    const failed = await failure(["--redis", redis.address]);
    expect(failed).toEqual({ code: 1, lines: [expect.stringContaining("does not permit a command (NOPERM)")] });
  });
});
