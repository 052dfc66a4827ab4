/**
 * What the history costs a publisher: `regstream/publisher` beside a plain PUBLISH of the same update through the same
 * client, in turns. First in a Redis without subscribers, through ioredis and node-redis, then with a gateway, which
 * reads the history and adopts updates by PUBLISH. Then the C++ publisher beside a plain PUBLISH on the same event
 * loop, and the memory of an update in Redis.
 */
import { execFile } from "node:child_process";
import { promisify } from "node:util";

import { createClient } from "redis";
import { createPublisher, type Publisher, type RedisClient } from "regstream/publisher";

import { Child } from "../processes/child.ts";
import { Gateway } from "../processes/gateway.ts";
import { channel, RedisServer } from "../processes/redis.ts";
import { removeTemporaryFolders } from "../processes/temporary_folder.ts";
import { median, quantile } from "./quantile.ts";
import { updateOf } from "./updates.ts";
import { type Figure, record } from "./figures.ts";

const turns = 10;
const oneByOne = 500;
const atOnce = 5000;
const nativeAtOnce = 20_000;
const memoryUpdates = 8000;

type Figures = Record<"median" | "p99" | "rate", number>;

/** A client, and a plain PUBLISH through it. */
interface Way {
  readonly client: RedisClient;
  readonly publish: (text: string) => Promise<unknown>;
  readonly end: () => unknown;
}

function throughIoredis(redis: RedisServer): Promise<Way> {
  const client = redis.connect();
  return Promise.resolve({ client, publish: (text) => client.publish(channel, text), end: () => client.disconnect() });
}

async function throughNodeRedis(redis: RedisServer): Promise<Way> {
  const client = createClient({ socket: { host: "127.0.0.1", port: redis.port } });
  await client.connect();
  return { client, publish: (text) => client.publish(channel, text), end: () => client.destroy() };
}

/** A Redis of its own, and two ways to publish in it. */
class Contest {
  private readonly publisher: Publisher;

  private constructor(
    readonly redis: RedisServer,
    private readonly way: Way,
  ) {
    this.publisher = createPublisher(way.client);
  }

  static async start(connect: (redis: RedisServer) => Promise<Way>): Promise<Contest> {
    const redis = await RedisServer.start();
    return new Contest(redis, await connect(redis));
  }

  intoHistory(): Promise<Figures> {
    return figuresOf(() => this.publisher.publishStageUpdate(42, "t24_lookup", "completed", "Found 5 accounts"));
  }

  async intoHistoryOneByOne(updates: number): Promise<void> {
    for (let update = 0; update < updates; update += 1) {
      await this.publisher.publishStageUpdate(42, "t24_lookup", "completed", "Found 5 accounts");
    }
  }

  bare(): Promise<Figures> {
    return figuresOf(() => this.way.publish(updateOf(42)));
  }

  async stop(): Promise<void> {
    this.publisher.close();
    await this.way.end();
    await this.redis.stop();
  }
}

async function figuresOf(publish: () => Promise<unknown>): Promise<Figures> {
  return { ...(await latencies(publish)), rate: await rate(publish) };
}

/** Updates a second, none of which waits for the answer to another. */
async function rate(publish: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await Promise.all(Array.from({ length: atOnce }, publish));
  return atOnce / ((performance.now() - began) / 1000);
}

async function latencies(publish: () => Promise<unknown>): Promise<Omit<Figures, "rate">> {
  const took: number[] = [];
  for (let update = 0; update < oneByOne; update += 1) {
    const began = performance.now();
    await publish();
    took.push(performance.now() - began);
  }
  return { median: median(took), p99: quantile(took, 0.99) };
}

/** Resolves when the gateway has received as many updates, so that its calls to Redis do not slow the next turn. */
async function untilHeard(gateway: Gateway, updates: number): Promise<void> {
  let heard = 0;
  while (heard < updates) heard = (await gateway.get<{ published: number }>("/api/health")).published;
}

async function compare(where: string, contest: Contest, gateway?: Gateway): Promise<void> {
  const ours: Figures[] = [];
  const peers: Figures[] = [];
  for (let turn = 0; turn < turns; turn += 1) {
    ours.push(await contest.intoHistory());
    if (gateway) await untilHeard(gateway, (2 * turn + 1) * (oneByOne + atOnce));
    peers.push(await contest.bare());
    if (gateway) await untilHeard(gateway, (2 * turn + 2) * (oneByOne + atOnce));
  }
  print(where, ours, peers);
}

function print(group: string, ours: readonly Figures[], peers: readonly Figures[]): void {
  console.log(group);
  const row = (what: string, key: keyof Figures, better: Figure["better"], text: (value: number) => string): void => {
    const [our, theirs] = [median(ours.map((figures) => figures[key])), median(peers.map((figures) => figures[key]))];
    console.log(
      `  ${what.padEnd(28)} ${text(our).padStart(12)} against ${text(theirs).padStart(12)} ` +
        `${(our / theirs).toFixed(2).padStart(6)} x`,
    );
    const bars = [
      { name: "into the history", value: our, text: text(our) },
      { name: "a plain PUBLISH", value: theirs, text: text(theirs) },
    ];
    record({ group, what, better, bars });
  };
  const time = (milliseconds: number): string => `${milliseconds.toFixed(3)} ms`;
  row("one at a time: median", "median", "less", time);
  row("one at a time: p99", "p99", "less", time);
  row("pipelined, updates a second", "rate", "more", (perSecond) => `${Math.round(perSecond)} /s`);
}

const programs = new URL("../../build/bin/", import.meta.url).pathname;

/** Runs as many turns of the C++ publisher, which measures by itself. */
async function compareNative(): Promise<void> {
  const redis = await RedisServer.start();
  const { stdout } = await promisify(execFile)(
    `${programs}publish_cost`,
    [redis.port, turns, oneByOne, nativeAtOnce].map(String),
  );
  // The broker logs its connection first.
  const { history, bare } = JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as Record<"history" | "bare", Figures>;
  print(`from C++, nobody listens, ${nativeAtOnce} updates at once`, [history], [bare]);
  await redis.stop();
}

/** The baseline includes the publisher's own place and Redis's initial memory. */
async function compareMemory(): Promise<void> {
  const contest = await Contest.start(throughIoredis);
  const observer = contest.redis.connect();
  const used = async (): Promise<number> => Number(/used_memory:(\d+)/.exec(await observer.info("memory"))?.[1]);
  await contest.intoHistoryOneByOne(1000);
  const before = await used();
  await contest.intoHistoryOneByOne(memoryUpdates);
  const bytes = Buffer.byteLength(updateOf(42));
  console.log(
    `memory of Redis for an update of ${bytes} bytes: ${Math.round(((await used()) - before) / memoryUpdates)} bytes`,
  );
  observer.disconnect();
  await contest.stop();
}

try {
  console.log(
    `publishing into the history against a plain PUBLISH; medians of ${turns} turns of ${oneByOne} and ${atOnce} ` +
      "updates",
  );
  for (const [name, connect] of [
    ["ioredis", throughIoredis],
    ["node-redis", throughNodeRedis],
  ] as const) {
    const alone = await Contest.start(connect);
    await compare(`nobody listens, through ${name}`, alone);
    await alone.stop();
  }

  const heard = await Contest.start(throughIoredis);
  await compare("a gateway listens, through ioredis", heard, await Gateway.start({ redis: heard.redis.address }));
  await heard.stop();

  await compareNative();
  await compareMemory();
} finally {
  await Child.stopAll();
  removeTemporaryFolders();
}
