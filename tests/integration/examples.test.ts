import { fileURLToPath } from "node:url";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { Child } from "../processes/child.ts";
import { EventStream, isFinal } from "../processes/event_stream.ts";
import { Gateway } from "../processes/gateway.ts";
import { RedisServer } from "../processes/redis.ts";

// install.test.ts builds and runs the C++ examples, tests/browser/examples.test.ts opens the pages, and tests/apps
// installs those that have servers.

const example = (path: string): string => fileURLToPath(new URL(`../../examples/${path}`, import.meta.url));
// Debian's own, which finds Debian's packages.
const python = "/usr/bin/python3";
const password = "of the example";

describe("the publishers among the examples, through a real Redis and a gateway", () => {
  let redis: RedisServer;
  let gateway: Gateway;
  let environment: NodeJS.ProcessEnv;
  beforeEach(async () => {
    redis = await RedisServer.start({ password });
    gateway = await Gateway.start({ hasDemo: false, redis: redis.address, redisPassword: password });
    environment = {
      REDIS_HOST: "127.0.0.1",
      REDIS_PORT: String(redis.port),
      REDIS_PASSWORD: password,
      GATEWAY: gateway.url(""),
    };
  });
  afterEach(async () => {
    await gateway.stop();
    await redis.stop();
  });

  test.each([
    ["Node", process.execPath, "node-publisher/publish.mjs"],
    ["Python, by redis-py", python, "python-publisher/publish_redis.py"],
    ["Python, by HTTP", python, "python-publisher/publish_http.py"],
  ])("%s: a stream gets the stage and the outcome", async (_name, interpreter, path) => {
    const stream = await EventStream.open(gateway.url("/api/registrations/updates/stream?registrationId=43"));
    expect(await stream.next()).toMatchObject({ type: "connected" });
    const child = new Child(interpreter, [example(path), "43"], environment);
    expect(await child.exited, child.log).toBe(0);
    expect(await stream.updatesUntil(isFinal)).toMatchObject([
      { registrationId: 43, status: "PENDING", stage: "t24_lookup", stageStatus: "completed" },
      { registrationId: 43, status: "APPROVED", details: { accountsFound: 5 } },
    ]);
    stream.close();
  });

  test("Python, by redis-py: says so where nobody listens", async () => {
    await gateway.stop();
    const child = new Child(python, [example("python-publisher/publish_redis.py")], environment);
    expect(await child.exited).toBe(1);
    expect(child.log).toMatch(/^nobody listens: start a gateway first/);
  });
});
