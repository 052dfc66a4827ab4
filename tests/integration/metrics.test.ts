// A gateway's metrics.
import { readFileSync } from "node:fs";
import { get } from "node:http";
import { fileURLToPath } from "node:url";

import { afterEach, expect, test } from "vitest";

import { EventStream } from "../processes/event_stream.ts";
import { type Family, readExposition, sum } from "../processes/exposition.ts";
import { Gateway, regstream } from "../processes/gateway.ts";
import { RedisServer } from "../processes/redis.ts";

const streamPath = "/api/registrations/updates/stream";
const documented = [
  ...readFileSync(fileURLToPath(new URL("../../docs/metrics.md", import.meta.url)), "utf8").matchAll(
    /^\| `(\w+)` \| (\w+) \|/gm,
  ),
].map(([, name = "", type = ""]) => ({ name, type }));
const ofRedis = /^regstream_redis_/;
/** Tokens, keys and certificates: access_metrics.test.ts. */
const ofGuards = /^regstream_(token_keys?_|token_keys$|tls_|reload_)/;
const expected = documented.filter(({ name }) => !ofGuards.test(name));

const endings: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

async function startGateway(more: readonly string[] = [], redis?: RedisServer): Promise<Gateway> {
  const gateway = await Gateway.start({
    hasDemo: false,
    more,
    ...(redis === undefined ? {} : { redis: redis.address }),
  });
  endings.push(() => gateway.stop("SIGKILL"));
  return gateway;
}

async function openStream(gateway: Gateway, query = ""): Promise<EventStream> {
  const stream = await EventStream.open(gateway.url(streamPath + query));
  endings.push(() => stream.close());
  return stream;
}

async function publish(gateway: Gateway, registrationId: number): Promise<void> {
  const body = JSON.stringify({ status: "PENDING", message: "4711", timestamp: Date.now() });
  const answer = await fetch(gateway.url(`/api/registrations/${registrationId}/updates`), {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body,
  });
  expect(answer.status).toBe(201);
}

async function scrape(gateway: Gateway): Promise<Map<string, Family>> {
  const answer = await fetch(gateway.url("/metrics"));
  expect(answer.status).toBe(200);
  expect(answer.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
  expect(answer.headers.get("cache-control")).toBe("no-store");
  return readExposition(await answer.text());
}

async function untilScraped(
  gateway: Gateway,
  isSo: (families: Map<string, Family>) => boolean,
): Promise<Map<string, Family>> {
  for (;;) {
    const families = await scrape(gateway);
    if (isSo(families)) return families;
  }
}

test("exactly the documented metrics exist", async () => {
  const redis = await RedisServer.start();
  endings.push(() => redis.stop());
  const gateway = await startGateway([], redis);
  const stream = await openStream(gateway);
  await publish(gateway, 1);
  await stream.nextUpdate();
  const families = await untilScraped(gateway, (found) => found.has("regstream_redis_memory_bytes"));
  expect([...families.values()].map(({ name, type }) => ({ name, type }))).toEqual(expected);
  expect(sum(families, "regstream_redis_up")).toBe(1);
  expect(sum(families, "regstream_build_info", { broker: "redis" })).toBe(1);
});

test("without Redis there are only the metrics that don't concern it", async () => {
  const gateway = await startGateway();
  const stream = await openStream(gateway);
  await publish(gateway, 1);
  await stream.nextUpdate();
  const families = await untilScraped(gateway, (found) => sum(found, "regstream_delivery_seconds_count") > 0);
  expect([...families.keys()]).toEqual(expected.map(({ name }) => name).filter((name) => !ofRedis.test(name)));
});

test("counters grow with what happens", async () => {
  const gateway = await startGateway();
  const before = await scrape(gateway);
  expect(sum(before, "regstream_streams")).toBe(0);
  const all = await openStream(gateway);
  const one = await openStream(gateway, "?registrationId=987654");
  for (const registrationId of [987654, 123456]) {
    await publish(gateway, registrationId);
    await all.nextUpdate();
  }
  await one.nextUpdate();
  const cursorOfNobody = await openStream(gateway, "?lastEventId=1-1");
  while ((await cursorOfNobody.next()).type !== "reset");

  const after = await untilScraped(gateway, (found) => sum(found, "regstream_publish_to_write_seconds_count") === 2);
  expect(sum(after, "regstream_streams")).toBe(3);
  expect(sum(after, "regstream_streams_opened_total")).toBe(3);
  expect(sum(after, "regstream_updates_total")).toBe(2);
  expect(sum(after, "regstream_journal_updates")).toBe(2);
  expect(sum(after, "regstream_deliveries_total")).toBe(3);
  expect(sum(after, "regstream_delivery_seconds_count")).toBe(2);
  expect(sum(after, "regstream_stream_resets_total")).toBe(1);
  expect(sum(after, "regstream_stream_resets_total", { cause: "cursorUnknown" })).toBe(1);
  expect(sum(after, "regstream_stream_bytes_total")).toBeGreaterThan(600);
  expect(sum(after, "regstream_http_responses_total", { status: "201" })).toBe(2);
  expect(sum(after, "regstream_http_responses_total", { status: "200" })).toBeGreaterThan(3);
  expect(sum(after, "regstream_ready")).toBe(1);
  expect(sum(after, "process_open_fds")).toBeGreaterThan(sum(before, "process_open_fds"));
  expect(sum(after, "process_max_fds")).toBeGreaterThan(sum(after, "process_open_fds"));
  all.close();
  await untilScraped(gateway, (found) => sum(found, "regstream_streams") === 2);
});

test("metrics contain no id and nothing of a message, and health has the same values", async () => {
  const gateway = await startGateway();
  const stream = await openStream(gateway, "?registrationId=987654");
  await publish(gateway, 987654);
  await stream.nextUpdate();
  const text = await (await fetch(gateway.url("/metrics"))).text();
  expect(text).not.toMatch(/987654|4711|PENDING/);
  const labels = new Set(
    [...readExposition(text).values()].flatMap(({ samples }) =>
      samples.flatMap((sample) => Object.keys(sample.labels)),
    ),
  );
  expect([...labels].sort()).toEqual(["broker", "cause", "le", "reason", "status", "version", "workflow"]);
  const health = await gateway.get<{ deliveries: number; subscribers: number; history: { bytes: number } }>(
    "/api/health",
  );
  const families = readExposition(text);
  expect(health.deliveries).toBe(sum(families, "regstream_deliveries_total"));
  expect(health.subscribers).toBe(sum(families, "regstream_streams"));
  expect(health.history.bytes).toBe(sum(families, "regstream_journal_bytes"));
});

test("each workflow has its own values", async () => {
  const declaration = fileURLToPath(new URL("../../examples/csv-import/workflow.json", import.meta.url));
  const gateway = await startGateway(["--workflow", declaration]);
  await publish(gateway, 1);
  const families = await untilScraped(gateway, (found) => sum(found, "regstream_updates_total") === 1);
  const samples = families.get("regstream_updates_total")?.samples ?? [];
  expect(samples.map(({ value }) => value)).toEqual([1, 0]);
  expect(samples[0]?.labels).toEqual({ workflow: "registration" });
});

test("operators have a port of their own without tokens; the other port has only the probes", async () => {
  const gateway = await startGateway(["--ops-address", "127.0.0.1:0"]);
  const [, ops = ""] = await gateway.untilLog(/operators ask at (http:\/\/127\.0\.0\.1:\d+)$/m);
  for (const path of ["/metrics", "/api/health"]) {
    expect((await fetch(gateway.url(path))).status).toBe(404);
    expect((await fetch(ops + path)).status).toBe(200);
  }
  for (const path of ["/livez", "/readyz"]) {
    expect((await fetch(gateway.url(path))).status).toBe(200);
    expect((await fetch(ops + path)).status).toBe(200);
  }
  expect((await fetch(ops + streamPath)).status).toBe(404);
  const families = readExposition(await (await fetch(`${ops}/metrics`)).text());
  expect(sum(families, "regstream_ready")).toBe(1);
});

test("the operators' port answers to the allowed names, as the other port", async () => {
  const gateway = await startGateway(["--ops-address", "127.0.0.1:0", "--allow-host", "ops.bank.example", "--open"]);
  const [, port = ""] = await gateway.untilLog(/operators ask at http:\/\/127\.0\.0\.1:(\d+)/);
  const ask = (host: string): Promise<number | undefined> =>
    new Promise((resolve, reject) => {
      get({ host: "127.0.0.1", port, path: "/metrics", headers: { host } }, (answer) => {
        answer.resume();
        resolve(answer.statusCode);
      }).on("error", reject);
    });
  expect(await ask("ops.bank.example")).toBe(200);
  expect(await ask("other.example")).toBe(421);
});

test("an operators' port in use stops the start and names its option", async () => {
  const gateway = await startGateway();
  const child = regstream(["serve", "--port", "0", "--ops-address", `127.0.0.1:${gateway.port}`]);
  expect(await child.exited).toBe(1);
  expect(child.log).toMatch(/is in use: stop the program that uses it, or choose another with --ops-address/);
});
