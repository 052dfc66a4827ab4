// The log, for people and for machines.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { afterEach, expect, test } from "vitest";

import { Gateway, regstream } from "../processes/gateway.ts";
import { channel, RedisServer } from "../processes/redis.ts";
import { temporaryFolder } from "../processes/temporary_folder.ts";

const declaration = fileURLToPath(new URL("../../examples/csv-import/workflow.json", import.meta.url));

const endings: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

async function startGateway(more: readonly string[], redis?: RedisServer): Promise<Gateway> {
  const gateway = await Gateway.start({
    hasDemo: false,
    more,
    ...(redis === undefined ? {} : { redis: redis.address }),
  });
  endings.push(() => gateway.stop("SIGKILL"));
  return gateway;
}

async function startRedis(): Promise<RedisServer> {
  const redis = await RedisServer.start();
  endings.push(() => redis.stop());
  return redis;
}

interface Line {
  readonly time: string;
  readonly level: string;
  readonly event: string;
  readonly message: string;
  readonly workflow?: string;
}

/** The whole log, each line an object. The one exception is the line on stdout with the address. */
function readLines(output: string): Line[] {
  const lines = output.split("\n").filter((line) => line !== "" && !line.startsWith("regstream: serving on "));
  return lines.map((line) => {
    const object = JSON.parse(line) as Line;
    expect(Object.keys(object).slice(0, 4)).toEqual(["time", "level", "event", "message"]);
    expect(object.time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d$/);
    expect(object.level).toMatch(/^(info|warning|error)$/);
    return object;
  });
}

test("each line is one object in JSON, to the last one", async () => {
  const redis = await startRedis();
  const gateway = await startGateway(["--log-format", "json", "--workflow", declaration], redis);
  const client = redis.connect();
  while ((await client.publish(channel, 'no update\n"\u001b[2J')) === 0);
  client.disconnect();
  await gateway.untilLog(/"event":"dropped"/);
  await gateway.stop("SIGTERM");
  const lines = readLines(gateway.log);
  expect(lines.map(({ event }) => event)).toEqual(
    expect.arrayContaining(["memory limits", "redis is connected", "dropped", "shutting down"]),
  );
  expect(lines.find(({ event }) => event === "dropped")).toMatchObject({ level: "warning", workflow: "registration" });
});

test("a failed start is logged in JSON, too", async () => {
  const child = regstream(["serve", "--port", "0", "--log-format", "json", "--require-redis"]);
  expect(await child.exited).toBe(2);
  expect(readLines(child.log)).toMatchObject([
    { level: "error", event: "start failed", message: expect.stringContaining("--require-redis needs") },
  ]);
});

test("lines below the level are left out", async () => {
  const redis = await startRedis();
  const gateway = await startGateway(["--log-level", "error"], redis);
  const client = redis.connect();
  while ((await client.publish(channel, "no update")) === 0);
  client.disconnect();
  while ((await gateway.get<{ malformed: number }>("/api/health")).malformed === 0);
  await gateway.stop("SIGTERM");
  expect(gateway.log).toMatch(/^regstream: serving on \S+ \(broker: redis [^\n]+\)\n$/);
});

test("SIGHUP rereads the log level, and an invalid file changes nothing", async () => {
  const file = join(temporaryFolder(), "regstream.toml");
  writeFileSync(file, 'log-level = "error"\nlog-requests = true\n');
  const gateway = await startGateway(["--config", file]);
  writeFileSync(file, 'log-level = "info"\nlog-requests = true\n');
  gateway.signal("SIGHUP");
  await gateway.untilLog(/ info reloaded the log settings/);
  expect(gateway.log).not.toMatch(/memory/);
  await fetch(gateway.url("/livez"));
  await gateway.untilLog(/ info request method=GET route=\/livez /);
  writeFileSync(file, 'log-level = "eror"\n');
  gateway.signal("SIGHUP");
  await gateway.untilLog(
    / error can't reload the log settings, so the old ones stay in use: .*regstream\.toml:1:1: .*eror/,
  );
  await fetch(gateway.url("/readyz"));
  await gateway.untilLog(/ info request method=GET route=\/readyz /);
});

test("SIGHUP keeps a level from the command line", async () => {
  const file = join(temporaryFolder(), "regstream.toml");
  writeFileSync(file, 'log-level = "error"\n');
  const gateway = await startGateway(["--config", file, "--log-level", "info"]);
  gateway.signal("SIGHUP");
  await gateway.untilLog(/ info SIGHUP: nothing to reload/);
});

test("with several workflows each line about one begins with its name", async () => {
  const redis = await startRedis();
  const gateway = await startGateway(["--workflow", declaration], redis);
  await gateway.untilLog(/ registration: connected to redis/);
  await gateway.untilLog(/ csv-import: connected to redis/);
});

test("with one workflow no line does", async () => {
  const gateway = await startGateway([], await startRedis());
  await gateway.untilLog(/ info connected to redis/);
});
