// What an operator learns from the log and /api/health alone.
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { EventStream } from "../processes/event_stream.ts";
import { Gateway } from "../processes/gateway.ts";
import { channel, deploymentsKey, historyKey, RedisServer } from "../processes/redis.ts";

const streamPath = "/api/registrations/updates/stream";
const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);

interface Health {
  readonly history: { readonly epoch: number; readonly position: string };
  readonly redis: {
    readonly otherDeployments: readonly string[];
    readonly roundTripMs: number | null;
    readonly roundTripMaxMs: number | null;
    readonly awaySince: string | null;
  };
  readonly subscribers: number;
  readonly resetsByReason: Readonly<Record<string, number>>;
}

const endings: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

let redis: RedisServer;
beforeEach(async () => {
  redis = await RedisServer.start();
  endings.push(() => redis.stop());
});

async function startGateway(
  more: readonly string[] = [],
  address = redis.address,
  openFiles?: number,
): Promise<Gateway> {
  const gateway = await Gateway.start({
    redis: address,
    hasDemo: false,
    more,
    ...(openFiles === undefined ? {} : { openFiles }),
  });
  endings.push(() => gateway.stop("SIGKILL"));
  return gateway;
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function untilHealth(gateway: Gateway, isSo: (health: Health) => boolean): Promise<Health> {
  for (;;) {
    const health = await gateway.get<Health>("/api/health");
    if (isSo(health)) return health;
    await nextTurn();
  }
}

/** As soon as the gateway subscribes. */
async function publish(message: string): Promise<void> {
  const client = redis.connect();
  const update = { registrationId: 42, status: "PENDING", stage: "t24_lookup", message, timestamp: 1702493000000 };
  while ((await client.publish(channel, JSON.stringify(update))) === 0) await nextTurn();
  client.disconnect();
}

async function untilReset(stream: EventStream): Promise<void> {
  while ((await stream.next()).type !== "reset");
}

test("health reports what runs, since when, and how its server is", async () => {
  const gateway = await startGateway();
  const stream = await EventStream.open(gateway.url(streamPath));
  await publish("the first");
  await stream.nextUpdate();
  const health = await untilHealth(gateway, ({ redis: { roundTripMs } }) => roundTripMs !== null);
  expect(health).toMatchObject({
    status: "ok",
    version: expect.stringMatching(/^\d+\.\d+/),
    startedAt: time,
    uptimeSeconds: expect.any(Number),
    redis: {
      awaySince: null,
      roundTripMs: expect.any(Number),
      roundTripMaxMs: expect.any(Number),
      maxmemoryPolicy: "noeviction",
      usedMemoryBytes: expect.any(Number),
      maxMemoryBytes: 0,
      otherDeployments: [],
    },
    streams: { limit: expect.any(Number), refused: 0 },
    connections: { refused: 0, refusedAtClientLimit: 0 },
    history: { epoch: expect.any(Number), beganAt: time, ageSeconds: expect.any(Number) },
    lastPublishedAt: time,
    lastDeliveredAt: time,
    resets: 0,
    resetsByReason: {
      cursorTooOld: 0,
      cursorUnknown: 0,
      newHistory: 0,
      updatesMissed: 0,
      messagesLost: 0,
      readerTooSlow: 0,
    },
  });
  expect(gateway.log).not.toMatch(/maxmemory|begins anew/);
});

describe("a lost history is reported with its epochs, its streams and the possible reason", () => {
  let gateway: Gateway;
  let stream: EventStream;
  let before: Health;
  const lose = async (how: () => Promise<unknown>): Promise<string> => {
    await how();
    await publish("the next");
    await untilReset(stream);
    const after = await untilHealth(gateway, ({ resetsByReason }) => resetsByReason.newHistory === 1);
    const [line] = await gateway.untilLog(/a new history begins.*/);
    expect(line).toContain(
      `epoch ${after.history.epoch} replaces epoch ${before.history.epoch}, which was read up to 1`,
    );
    expect(line).toMatch(/streams that get a reset: 1$/);
    return line;
  };
  const begin = async (): Promise<void> => {
    gateway = await startGateway();
    stream = await EventStream.open(gateway.url(streamPath));
    await publish("the first");
    await stream.nextUpdate();
    before = await gateway.get<Health>("/api/health");
  };

  test("after FLUSHALL", async () => {
    await begin();
    const line = await lose(() => redis.connect().flushall());
    expect(line).toContain("Redis was flushed, or someone deleted or replaced the history");
    expect(line).not.toContain("evicted");
  });

  test("if it may have been evicted", async () => {
    await redis.connect().config("SET", "maxmemory-policy", "allkeys-lru");
    await begin();
    await gateway.untilLog(
      /evicts keys when its memory is full \(maxmemory-policy allkeys-lru\).*set maxmemory-policy noeviction/,
    );
    expect(await lose(() => redis.connect().del(historyKey))).toContain(
      "or it was evicted (maxmemory-policy allkeys-lru)",
    );
  });

  test("after a restart without its data", async () => {
    await begin();
    const line = await lose(async () => {
      await redis.kill();
      await untilHealth(gateway, ({ redis: { awaySince } }) => awaySince !== null);
      await redis.restart();
      await gateway.untilLog(/connected to redis at \S+ after [\d.]+ s/);
    });
    expect(line).toContain("Redis was restarted, or another server took its place");
  });
});

test("the resets of returning clients are counted by reason", async () => {
  const gateway = await startGateway(["--history-length", "2"]);
  const stream = await EventStream.open(gateway.url(streamPath));
  for (const message of ["1", "2", "3", "4"]) {
    await publish(message);
    await stream.nextUpdate();
  }
  const { history } = await gateway.get<Health>("/api/health");
  for (const cursor of [`${history.epoch}-1`, `${history.epoch - 1}-4`])
    await untilReset(await EventStream.open(gateway.url(`${streamPath}?lastEventId=${cursor}`)));
  expect((await gateway.get<Health>("/api/health")).resetsByReason).toMatchObject({
    cursorTooOld: 1,
    cursorUnknown: 1,
  });
});

test("streams that are refused at the limit are counted and logged", async () => {
  const gateway = await startGateway([], redis.address, 64);
  const open: EventStream[] = [];
  const opened = async (): Promise<boolean> => {
    const stream = await EventStream.open(gateway.url(streamPath)).catch(() => undefined);
    if (stream) open.push(stream);
    return stream !== undefined;
  };
  while (await opened());
  await gateway.untilLog(new RegExp(`the limit of ${open.length} open streams is reached`));
  for (const stream of open) stream.close();
  await untilHealth(gateway, (health) => health.subscribers === 0);
  expect(await gateway.get("/api/health")).toMatchObject({ streams: { limit: open.length, refused: 1 } });
});

test("a Redis that is slow is one line, and so is its end", async () => {
  const gateway = await startGateway();
  const operator = redis.connect();
  const post = (): Promise<Response> =>
    fetch(gateway.url("/api/registrations/42/updates"), {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ status: "PENDING", message: "late" }),
    });
  while (!/took .* to answer/.test(gateway.log)) {
    await operator.client("PAUSE", 1000, "ALL");
    expect((await post()).status).toBe(201);
  }
  await post();
  await gateway.untilLog(/answers in time again after/);
  expect((await gateway.get<Health>("/api/health")).redis.roundTripMaxMs).toBeGreaterThan(250);
});

describe("deployments on one Redis", () => {
  test("notice each other by their names, also one without a name", async () => {
    const production = await startGateway(["--deployment", "production"]);
    const same = await startGateway(["--deployment", "production"]);
    const nameless = await startGateway();
    await nameless.untilLog(/is used by another deployment, "production"; this one has no name/);
    await untilHealth(nameless, ({ redis: { otherDeployments } }) => otherDeployments.includes("production"));
    expect(same.log).not.toContain("another deployment");
    await production.untilLog(/is used by another deployment, one without a name; this one is "production"/);
  });

  test("ignore invalid names, and health still works", async () => {
    const client = redis.connect();
    await client.xadd(deploymentsKey, "*", "deployment", Buffer.from([0xff]));
    await client.xadd(deploymentsKey, "*", "deployment", "staging");
    const gateway = await startGateway();
    const health = await untilHealth(gateway, ({ redis: { otherDeployments } }) => otherDeployments.length > 0);
    expect(health.redis.otherDeployments).toEqual(["staging"]);
  });

  test("log nothing if there is only one", async () => {
    const gateways = [await startGateway(), await startGateway()];
    for (const gateway of gateways) await untilHealth(gateway, ({ redis: { roundTripMs } }) => roundTripMs !== null);
    for (const gateway of gateways)
      expect((await gateway.get<Health>("/api/health")).redis.otherDeployments).toEqual([]);
  });
});
