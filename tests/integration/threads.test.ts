import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { afterEach, describe, expect, test } from "vitest";

import { EventStream, type Update } from "../processes/event_stream.ts";
import { readExposition, sum } from "../processes/exposition.ts";
import { freePort } from "../processes/child.ts";
import { Gateway, regstream } from "../processes/gateway.ts";
import { channel, RedisServer } from "../processes/redis.ts";
import { temporaryFolder } from "../processes/temporary_folder.ts";

// The system distributes connections over threads as it likes: tests open so many that every thread has one.

const stream = "/api/registrations/updates/stream";
const streams = 24;

const start = (threads: number, ...more: string[]): Promise<Gateway> =>
  Gateway.start({ hasDemo: false, more: ["--threads", String(threads), ...more] });

async function publish(gateway: Gateway, id: number, body: Record<string, unknown>): Promise<string> {
  const response = await fetch(gateway.url(`/api/registrations/${id}/updates`), {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  expect(response.status).toBe(201);
  return ((await response.json()) as { id: string }).id;
}

const stage = (message: string): Record<string, unknown> => ({ stage: "t24_lookup", stageStatus: "started", message });

const open: EventStream[] = [];
afterEach(() => {
  for (const one of open.splice(0)) one.close();
});

async function openStreams(gateway: Gateway, count = streams, query = ""): Promise<EventStream[]> {
  const opened = await Promise.all(Array.from({ length: count }, () => EventStream.open(gateway.url(stream + query))));
  open.push(...opened);
  return opened;
}

const nextUpdates = async (from: EventStream, count: number): Promise<Update[]> => {
  const updates: Update[] = [];
  while (updates.length < count) updates.push(await from.nextUpdate());
  return updates;
};

/** The sockets of this machine that listen on the port. */
function listeners(port: number): number {
  const address = `0100007F:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  const rows = readFileSync("/proc/net/tcp", "utf8")
    .split("\n")
    .map((row) => row.trim().split(/\s+/));
  return rows.filter(([, local, , state]) => local === address && state === "0A").length;
}

describe.each([1, 2, 4])("a gateway of %i threads", (threads) => {
  test("has a listener for each, and gives every update to every stream, once and in order", async () => {
    const gateway = await start(threads);
    expect(listeners(gateway.port)).toBe(threads);
    const opened = await openStreams(gateway);
    // One publisher at a time, on any thread.
    const ids: string[] = [];
    for (let update = 0; update < 60; update += 1)
      ids.push(await publish(gateway, 1 + (update % 3), stage(String(update))));
    const epoch = ids[0]?.split("-")[0] ?? "";
    expect(ids).toEqual(ids.map((_, index) => `${epoch}-${index + 1}`));
    for (const one of opened) expect((await nextUpdates(one, 60)).map(({ id }) => id)).toEqual(ids);
  });

  test("resumes a stream from any thread", async () => {
    const gateway = await start(threads);
    let last = await publish(gateway, 42, stage("first"));
    for (let update = 0; update < 40; update += 1) {
      const next = await publish(gateway, 42, stage(String(update)));
      const poll = await EventStream.open(gateway.url(`${stream}?registrationId=42&poll=1&lastEventId=${last}`));
      expect(await poll.nextUpdate()).toMatchObject({ id: next, message: String(update) });
      await expect(poll.nextUpdate()).rejects.toThrow("the stream ended");
      last = next;
    }
    expect((await gateway.get<{ resets: number }>("/api/health")).resets).toBe(0);
  });

  test("ends each stream with its id's final update", async () => {
    const gateway = await start(threads);
    const opened = await openStreams(gateway, streams, "?registrationId=42&until=final");
    await publish(gateway, 42, stage("on the way"));
    await publish(gateway, 43, { status: "APPROVED", message: "another one" });
    await publish(gateway, 42, { status: "APPROVED", message: "done" });
    for (const one of opened) {
      expect((await nextUpdates(one, 2)).map(({ message }) => message)).toEqual(["on the way", "done"]);
      expect(await one.next()).toMatchObject({ type: "end" });
      await expect(one.next()).rejects.toThrow("the stream ended");
    }
  });

  test("reports sums in health and metrics, from any thread", async () => {
    const gateway = await start(threads);
    const opened = await openStreams(gateway);
    for (const message of ["one", "two", "three"]) await publish(gateway, 42, stage(message));
    for (const one of opened) await nextUpdates(one, 3);
    for (let asked = 0; asked < 12; asked += 1) {
      const agent = { headers: { Connection: "close" } };
      const health = await (await fetch(gateway.url("/api/health"), agent)).json();
      expect(health).toMatchObject({
        status: "ok",
        subscribers: streams,
        published: 3,
        deliveries: streams * 3,
        history: { live: true, messages: 3 },
      });
      const metrics = readExposition(await (await fetch(gateway.url("/metrics"), agent)).text());
      expect(sum(metrics, "regstream_streams")).toBe(streams);
      expect(sum(metrics, "regstream_streams_opened_total")).toBe(streams);
      expect(sum(metrics, "regstream_deliveries_total")).toBe(streams * 3);
      expect(sum(metrics, "regstream_updates_total")).toBe(3);
      expect(sum(metrics, "regstream_http_responses_total", { status: "201" })).toBe(3);
      expect((await fetch(gateway.url("/readyz"), agent)).status).toBe(200);
      expect((await fetch(gateway.url("/livez"), agent)).status).toBe(200);
    }
  });

  test("drains all threads at SIGTERM, and logs it meanwhile", async () => {
    const gateway = await start(threads);
    const opened = await openStreams(gateway);
    await publish(gateway, 42, stage("before the end"));
    const exit = gateway.stop("SIGTERM");
    for (const one of opened) {
      expect(await one.nextUpdate()).toMatchObject({ message: "before the end" });
      await expect(one.nextUpdate()).rejects.toThrow("the stream ended");
    }
    expect(await exit).toBe(0);
  });

  test("continues after a restart with the history of its journal", async () => {
    const journal = join(temporaryFolder(), "journal.sqlite3");
    const first = await start(threads, "--journal", journal);
    const ids: string[] = [];
    for (let update = 0; update < 5; update += 1) ids.push(await publish(first, 42, stage(String(update))));
    await first.stop("SIGKILL");
    const second = await start(threads, "--journal", journal);
    for (const one of await openStreams(second, streams, `?lastEventId=${ids[1]}`)) {
      expect((await nextUpdates(one, 3)).map(({ id }) => id)).toEqual(ids.slice(2));
    }
  });
});

test("updates in Redis reach the streams of all threads once and in order, also those missed", async () => {
  const redis = await RedisServer.start();
  const gateway = await Gateway.start({ hasDemo: false, redis: redis.address, more: ["--threads", "4"] });
  const client = redis.connect();
  const opened = await openStreams(gateway);
  const messages = Array.from({ length: 200 }, (_, index) => String(index));
  const pipeline = client.pipeline();
  for (const message of messages)
    pipeline.publish(channel, JSON.stringify({ registrationId: 42, status: "PENDING", message }));
  await pipeline.exec();
  const first = await nextUpdates(opened[0]!, messages.length);
  expect(first.map(({ message }) => message)).toEqual(messages);
  for (const one of opened.slice(1)) expect(await nextUpdates(one, messages.length)).toEqual(first);
  for (const one of await openStreams(gateway, streams, `?lastEventId=${first[99]?.id}`)) {
    expect((await nextUpdates(one, 100)).map(({ message }) => message)).toEqual(messages.slice(100));
  }
  client.disconnect();
});

test("a lost history resets the streams of every thread", async () => {
  const redis = await RedisServer.start();
  const gateway = await Gateway.start({ hasDemo: false, redis: redis.address, more: ["--threads", "4"] });
  const client = redis.connect();
  await publish(gateway, 42, stage("before"));
  const opened = await openStreams(gateway);
  await client.flushall();
  await publish(gateway, 42, stage("after"));
  for (const one of opened) {
    const seen: string[] = [];
    while (seen.at(-1) !== "reset") seen.push((await one.next()).type);
    expect(seen.filter((type) => type === "reset")).toHaveLength(1);
  }
  expect((await gateway.get<{ resets: number }>("/api/health")).resets).toBe(streams);
  client.disconnect();
});

describe("at the start", () => {
  test("the log reports what each thread keeps, and more threads than cores", async () => {
    const gateway = await start(64);
    await gateway.untilLog(/at most \d+ MiB of memory .* on 64 threads for registration/);
    await gateway.untilLog(/64 threads share \d+ cores/);
    expect(listeners(gateway.port)).toBe(64);
    // By then all of them have answered.
    expect((await fetch(gateway.url("/readyz"))).status).toBe(200);
    expect(readdirSync(`/proc/${gateway.pid}/task`).length).toBeGreaterThanOrEqual(64);
  });

  test("a port that another gateway's threads share is in use", async () => {
    const port = await freePort();
    const first = await Gateway.start({ hasDemo: false, port, more: ["--threads", "2"] });
    const second = regstream(["serve", "--port", String(port), "--threads", "2"]);
    await second.untilOutput(new RegExp(`port ${port} on 127\\.0\\.0\\.1 is in use`));
    expect(await second.exited).toBe(1);
    expect((await fetch(first.url("/readyz"))).status).toBe(200);
  });

  test.each(["0", "65", "two"])("--threads %s is refused", async (threads) => {
    const child = regstream(["serve", "--port", "0", "--threads", threads]);
    expect(await child.exited).toBe(2);
    expect(child.log).toContain("--threads");
  });
});
