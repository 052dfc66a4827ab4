// A slow or absent reader of the log delays nothing: neither updates, nor health, nor the end.
import { readlinkSync } from "node:fs";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { Child, freePort } from "../processes/child.ts";
import { EventStream } from "../processes/event_stream.ts";
import { Gateway, program, regstream } from "../processes/gateway.ts";
import { shipped } from "../processes/mock.ts";
import { channel, RedisServer } from "../processes/redis.ts";
import { StalledPipe } from "../processes/stalled_pipe.ts";

const update = {
  registrationId: 42,
  status: "PENDING",
  stage: "t24_lookup",
  message: "Found 5 accounts",
  timestamp: 1702493000000,
};

let redis: RedisServer;
let pipe: StalledPipe;
beforeEach(async () => {
  redis = await RedisServer.start();
  pipe = new StalledPipe();
});
afterEach(() => redis.stop());

/** Makes it log something as soon as it listens, and then deliver something. */
async function deliver(gateway: Gateway, stream: EventStream): Promise<void> {
  const client = redis.connect();
  while ((await client.publish(channel, "no JSON")) === 0) await new Promise((resolve) => setImmediate(resolve));
  await client.publish(channel, JSON.stringify(update));
  client.disconnect();
  expect(await stream.nextUpdate()).toMatchObject(update);
  expect((await fetch(gateway.url("/livez"))).status).toBe(200);
}

describe.each(["does not read", "has gone"])("a log whose reader %s", (reader) => {
  test("delays no update, no health request and no shutdown", async () => {
    if (reader === "has gone") pipe.closeReader();
    const gateway = await Gateway.start({ redis: redis.address, hasDemo: false, stderr: pipe.writer });
    const stream = await EventStream.open(gateway.url("/api/registrations/updates/stream"));
    await deliver(gateway, stream);
    await redis.kill();
    await redis.restart();
    await deliver(gateway, stream);
    expect(await gateway.stop("SIGTERM")).toBe(0);
  });
});

test.each([
  ["a start that fails", ["--port"], 1],
  ["a wrong option", ["--no-such-option"], 2],
])("%s ends, whether its output is read or not", async (_name, args, code) => {
  const gateway = await Gateway.start({ hasDemo: false });
  const port = args[0] === "--port" ? [String(gateway.port)] : [];
  const child = regstream(["serve", ...args, ...port], {}, undefined, { stderr: pipe.writer });
  expect(await child.exited).toBe(code);
  await gateway.stop();
});

test("a log reader that returns gets what was logged meanwhile", async () => {
  const gateway = await Gateway.start({ redis: redis.address, hasDemo: false, stderr: pipe.writer });
  await deliver(gateway, await EventStream.open(gateway.url("/api/registrations/updates/stream")));
  await pipe.untilRead(/connected to redis at .*\n.*is not an update/);
  expect(await gateway.stop("SIGTERM")).toBe(0);
  await pipe.untilRead(/shutting down/);
});

describe.each(["does not read", "has gone"])("the line with the gateway's address, whose reader %s,", (reader) => {
  test("delays no update, no health request and no shutdown", async () => {
    if (reader === "has gone") pipe.closeReader();
    const port = await freePort();
    const child = regstream(["serve", "--port", String(port), "--redis", redis.address], {}, undefined, {
      stdout: pipe.writer,
    });
    await child.untilOutput(/connected to redis at/);
    const stream = await EventStream.open(`http://127.0.0.1:${port}/api/registrations/updates/stream`);
    const client = redis.connect();
    await client.publish(channel, JSON.stringify(update));
    client.disconnect();
    expect(await stream.nextUpdate()).toMatchObject(update);
    expect((await fetch(`http://127.0.0.1:${port}/livez`)).status).toBe(200);
    expect(await child.stop("SIGTERM")).toBe(0);
  });
});

test("a mock whose output is not read still plays", async () => {
  const port = await freePort();
  const child = regstream(["mock", "--port", String(port), "--scenario", shipped("deploy")], {}, undefined, {
    stdout: pipe.writer,
  });
  await expect
    .poll(
      () =>
        fetch(`http://127.0.0.1:${port}/livez`).then(
          () => true,
          () => false,
        ),
      { timeout: 20_000 },
    )
    .toBe(true);
  expect(await child.stop("SIGTERM")).toBe(0);
});

test("a gateway started without stdin, stdout and stderr writes its log to none of its files", async () => {
  const port = await freePort();
  const child = new Child("sh", [
    "-c",
    'exec "$0" "$@" <&- >&- 2>&-',
    program,
    "serve",
    "--port",
    String(port),
    "--redis",
    redis.address,
  ]);
  await expect
    .poll(
      () =>
        fetch(`http://127.0.0.1:${port}/readyz`).then(
          ({ ok }) => ok,
          () => false,
        ),
      { timeout: 20_000 },
    )
    .toBe(true);
  for (const descriptor of [0, 1, 2]) expect(readlinkSync(`/proc/${child.pid}/fd/${descriptor}`)).toBe("/dev/null");
  expect(await child.stop("SIGTERM")).toBe(0);
});
