import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import type { Redis } from "ioredis";
import { createPublisher } from "regstream/publisher";
import { afterEach, beforeEach, expect, test } from "vitest";

import { EventStream } from "../processes/event_stream.ts";
import { Gateway, regstream } from "../processes/gateway.ts";
import { channel, RedisServer } from "../processes/redis.ts";

const document = readFileSync(fileURLToPath(new URL("../../docs/redis.md", import.meta.url)), "utf8");
/** The commands of docs/redis.md. */
const [, documentedRules = ""] = /^ {4}ACL SETUSER regstream on >PASSWORD (.*)$/m.exec(document) ?? [];

let redis: RedisServer;
let operator: Redis;
beforeEach(async () => {
  redis = await RedisServer.start();
  operator = redis.connect();
});
afterEach(async () => {
  operator.disconnect();
  await redis.stop();
});

const setUser = (name: string, rules: string): Promise<unknown> =>
  operator.call("ACL", "SETUSER", name, ...rules.split(" "));

async function publish(
  environment: NodeJS.ProcessEnv,
  ...more: string[]
): Promise<{ code: number | null; said: string }> {
  const update = ["--registration", "42", "--stage", "t24_lookup", "--status", "completed", "--message", "by a user"];
  const child = regstream(["publish", "stage", ...update, ...more], {
    REDIS_HOST: "127.0.0.1",
    REDIS_PORT: String(redis.port),
    ...environment,
  });
  return { code: await child.exited, said: child.log };
}

test("a user with the rights of docs/redis.md is all that gateways and publishers need", async () => {
  await setUser("regstream", `on >s3cret ${documentedRules}`);
  await operator.call("ACL", "LOG", "RESET");
  const environment = { REDIS_URL: `redis://regstream:s3cret@127.0.0.1:${redis.port}` };
  const gateway = await Gateway.start({ hasDemo: false, environment });
  const stream = await EventStream.open(gateway.url("/api/registrations/updates/stream?registrationId=42"));
  await stream.next();
  const byCommand = regstream(
    ["publish", "stage", "--registration", "42", "--stage", "a", "--status", "started", "--message", "command"],
    environment,
  );
  expect(await byCommand.exited).toBe(0);
  expect(await stream.nextUpdate()).toMatchObject({ message: "command" });
  const client = redis.connect().duplicate({ username: "regstream", password: "s3cret" });
  await createPublisher(client).publish({ registrationId: 42, status: "PENDING", message: "Node" });
  expect(await stream.nextUpdate()).toMatchObject({ message: "Node" });
  await client.publish(channel, '{"registrationId":42,"status":"PENDING","message":"bare"}');
  expect(await stream.nextUpdate()).toMatchObject({ message: "bare" });
  client.disconnect();
  stream.close();
  await gateway.stop();
  expect(await operator.call("ACL", "LOG")).toEqual([]);
  expect(gateway.log).not.toMatch(/NOPERM|s3cret/);
});

test("a user without these rights gets exactly those named", async () => {
  await setUser("regstream", "on >s3cret +ping +evalsha +eval ~none");
  const { code, said } = await publish({ REDIS_USERNAME: "regstream", REDIS_PASSWORD: "s3cret" });
  expect(code).toBe(1);
  expect(said).toContain(`does not permit a command (NOPERM): its user needs ${documentedRules}`);
  expect(documentedRules).not.toBe("");
});

test.each<[string, NodeJS.ProcessEnv, RegExp]>([
  [
    "a wrong password",
    { REDIS_USERNAME: "regstream", REDIS_PASSWORD: "hunter2" },
    /no such user, its password is wrong, or it is off \(ACL\): check REDIS_USERNAME and REDIS_PASSWORD/,
  ],
  [
    "another user",
    { REDIS_USERNAME: "hunter2", REDIS_PASSWORD: "s3cret" },
    /no such user, its password is wrong, or it is off/,
  ],
  ["a user's name without a password", { REDIS_USERNAME: "regstream" }, /no such user, its password is wrong/],
  ["nobody", {}, /password missing: set REDIS_PASSWORD/],
  [
    "a password alone",
    { REDIS_PASSWORD: "hunter2" },
    /password wrong, or the default user is off \(ACL\): set REDIS_PASSWORD, and REDIS_USERNAME/,
  ],
])("%s is refused with what to do, and no secret", async (_name, environment, sentence) => {
  await setUser("regstream", `on >s3cret ${documentedRules}`);
  await setUser("default", "resetpass >other");
  const { code, said } = await publish(environment);
  expect(code).toBe(1);
  expect(said).toMatch(sentence);
  expect(said).not.toMatch(/hunter2|s3cret/);
});

test("a deleted user is reported in one sentence, and works again when restored", async () => {
  await setUser("regstream", `on >s3cret ${documentedRules}`);
  const gateway = await Gateway.start({
    hasDemo: false,
    environment: { REDIS_URL: `redis://regstream:s3cret@127.0.0.1:${redis.port}` },
  });
  await operator.call("ACL", "DELUSER", "regstream");
  await gateway.untilLog(/no such user, its password is wrong, or it is off/);
  await setUser("regstream", `on >s3cret ${documentedRules}`);
  while ((await fetch(gateway.url("/readyz"))).status !== 200);
  await gateway.stop();
});

test.each<[string, string[], RegExp]>([
  [
    "a password in an argument",
    ["--redis", "redis://regstream:hunter2@127.0.0.1"],
    /--redis: takes no user and no password, .*REDIS_PASSWORD/,
  ],
  [
    "a password as an option",
    ["--redis", "127.0.0.1", "--redis-password", "hunter2"],
    /--redis-password: is not an option, .* set REDIS_PASSWORD/,
  ],
  [
    "a sentinel's password as an option",
    ["--redis-sentinel-password=hunter2"],
    /--redis-sentinel-password: is not an option, .* set REDIS_SENTINEL_PASSWORD/,
  ],
  ["a database", ["--redis", "redis://127.0.0.1/1"], /--redis: the URL names a database .*another channel/],
  [
    "sentinels beside a server",
    ["--redis", "127.0.0.1", "--redis-sentinels", "127.0.0.1"],
    /--redis and --redis-sentinels both say where Redis is/,
  ],
  [
    "a file for TLS without TLS",
    ["--redis", "127.0.0.1", "--redis-ca-file", "ca.pem"],
    /--redis-ca-file is for TLS, and nothing asks for TLS/,
  ],
])("%s is refused before connecting", async (_name, options, sentence) => {
  for (const command of [
    ["serve", "--port", "0"],
    ["publish", "stage", "--registration", "1", "--stage", "a", "--status", "started", "--message", "b"],
  ]) {
    const child = regstream([...command, ...options]);
    expect(await child.exited).toBe(2);
    expect(child.log).toMatch(sentence);
    expect(child.log).not.toMatch(/hunter2/);
  }
});
