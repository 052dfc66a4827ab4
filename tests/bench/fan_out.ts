/**
 * The gateway beside a plain Node server on ioredis (fan_out_peer.mjs), each on a Redis of its own, the gateway with its history: updates
 * that go to a thousand streams in a burst, what an idle stream costs in memory, and how long a single update takes to one of ten thousand.
 *
 * The server that is measured has a core of its own; Redis, the readers and this publisher share the others. They take turns, each time as
 * new processes, and of each the median turn counts.
 */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";

import type { ChainableCommander, Redis } from "ioredis";
import { historyScript, historyScriptDigest } from "regstream/dist/generated/history_script.js";
import { publishCall } from "regstream/dist/history_call.js";

import { Child } from "../processes/child.ts";
import { program } from "../processes/gateway.ts";
import { channel, RedisServer } from "../processes/redis.ts";
import { removeTemporaryFolders } from "../processes/temporary_folder.ts";
import { StreamReaders } from "./stream_readers.ts";

const turns = Number(process.env.TURNS ?? 3);
const burst = { streams: 1000, updates: Number(process.env.UPDATES ?? 5000) };
const idle = { streams: 10_000, updates: 500, warmUp: 50 };

const peerProgram = fileURLToPath(new URL("fan_out_peer.mjs", import.meta.url));
/** As `regstream serve` and `regstream/publisher` have them by default. */
const history = { length: 10_000, bytes: 2 ** 26, keyLifetimeMs: 600_000 };
const ticksPerSecond = Number(execFileSync("getconf", ["CLK_TCK"], { encoding: "utf8" }));

/** The server's core is the first; what this process starts inherits the others. */
function leaveTheFirstCore(): void {
  const cores = availableParallelism();
  if (cores < 2) throw new Error("needs two cores: one for the server, one for Redis, the readers and the publisher");
  execFileSync("taskset", ["--all-tasks", "--pid", "--cpu-list", `1-${cores - 1}`, String(process.pid)]);
}

function updateOf(registrationId: number): string {
  return JSON.stringify({
    registrationId,
    status: "PENDING",
    stage: "t24_lookup",
    stageStatus: "completed",
    message: "Found 5 accounts",
    timestamp: Date.now(),
  });
}

interface Contender {
  readonly name: string;
  readonly command: (redis: RedisServer) => string[];
  /** Before the first update. */
  readonly prepare: (client: Redis) => Promise<unknown>;
  readonly publish: (pipeline: ChainableCommander, message: string, key: string) => void;
}

const gateway: Contender = {
  name: "regstream serve",
  command: (redis) => [program, "serve", "--port", "0", "--redis", redis.address],
  prepare: (client) => client.script("LOAD", historyScript),
  publish: (pipeline, message, key) => {
    const { keys, args } = publishCall(history, "0-0", key, message);
    pipeline.evalsha(historyScriptDigest, keys.length, ...keys, ...args);
  },
};

const peer: Contender = {
  name: "plain Node on ioredis",
  command: (redis) => [process.execPath, peerProgram, String(redis.port), channel],
  prepare: () => Promise.resolve(),
  publish: (pipeline, message) => {
    pipeline.publish(channel, message);
  },
};

/** A contender that serves, on its core, and a client of its Redis. */
class Server {
  private published = 0;

  private constructor(
    private readonly contender: Contender,
    private readonly redis: RedisServer,
    private readonly client: Redis,
    private readonly child: Child,
    readonly port: number,
  ) {}

  static async start(contender: Contender): Promise<Server> {
    const redis = await RedisServer.start();
    const client = redis.connect();
    await contender.prepare(client);
    const child = new Child("taskset", ["--cpu-list", "0", ...contender.command(redis)]);
    const ready = await child.untilOutput(/serving on http:\/\/127\.0\.0\.1:(\d+)/);
    return new Server(contender, redis, client, child, Number(ready[1]));
  }

  /** Publishes all at once; gives when it began, by the clock of process.hrtime. */
  async publish(messages: readonly string[]): Promise<number> {
    const pipeline = this.client.pipeline();
    for (const message of messages) this.contender.publish(pipeline, message, `bench-${(this.published += 1)}`);
    const began = Number(process.hrtime.bigint());
    const answers = (await pipeline.exec()) ?? [];
    const refused = answers.find(([error]) => error !== null);
    if (refused) throw refused[0];
    return began;
  }

  /** Of all threads, since it was started. */
  cpuSeconds(): number {
    // After the program's name, which may hold anything: proc(5) counts from there.
    const fields = readFileSync(`/proc/${this.child.pid}/stat`, "utf8").replace(/^.*\) /s, "").split(" ");
    return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
  }

  residentBytes(): number {
    const status = readFileSync(`/proc/${this.child.pid}/status`, "utf8");
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
  }

  async stop(): Promise<void> {
    this.client.disconnect();
    await this.child.stop("SIGKILL");
    await this.redis.stop();
  }
}

function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN;
}

const median = (values: readonly number[]): number => quantile(values, 0.5);

interface Burst {
  /** From the first publish to the last delivery. */
  readonly deliveriesPerSecond: number;
  /** What the server's core could do, if nothing else held it up. */
  readonly deliveriesPerCpuSecond: number;
}

async function measureBurst(contender: Contender): Promise<Burst> {
  const server = await Server.start(contender);
  const readers = await StreamReaders.open(server.port, burst.streams, "all");
  const send = async (count: number): Promise<number> =>
    server.publish(Array.from({ length: count }, (_, index) => updateOf((index % 5000) + 1)));

  // A first one, so that everything has been used once.
  const warmUp = burst.updates / 10;
  const warm = readers.until(warmUp * burst.streams);
  await send(warmUp);
  await warm;

  const cpuBefore = server.cpuSeconds();
  const all = readers.until((warmUp + burst.updates) * burst.streams);
  const began = await send(burst.updates);
  const delivered = await all;
  const cpuSeconds = server.cpuSeconds() - cpuBefore;
  if (delivered.least !== delivered.most) throw new Error(`${contender.name}: not every stream had every update`);
  readers.close();
  await server.stop();

  const deliveries = burst.updates * burst.streams;
  return {
    deliveriesPerSecond: deliveries / ((delivered.atNs - began) / 1e9),
    deliveriesPerCpuSecond: deliveries / cpuSeconds,
  };
}

interface Idle {
  readonly bytesPerStream: number;
  readonly latenciesMs: readonly number[];
}

async function measureIdle(contender: Contender): Promise<Idle> {
  const server = await Server.start(contender);
  const before = server.residentBytes();
  const readers = await StreamReaders.open(server.port, idle.streams, "own");
  const bytesPerStream = (server.residentBytes() - before) / idle.streams;

  const latenciesMs: number[] = [];
  for (let update = 0; update < idle.updates + idle.warmUp; update += 1) {
    const arrives = readers.until(update + 1);
    // Spread over all of them: 7919 is a prime.
    const began = await server.publish([updateOf(((update * 7919) % idle.streams) + 1)]);
    const { atNs, most } = await arrives;
    if (most !== 1) throw new Error(`${contender.name}: an update went to a stream that it does not concern`);
    if (update >= idle.warmUp) latenciesMs.push((atNs - began) / 1e6);
  }
  readers.close();
  await server.stop();
  return { bytesPerStream, latenciesMs };
}

/** In turns, so that a busy spell of the machine meets both. */
async function takeTurns<T>(measure: (contender: Contender) => Promise<T>): Promise<{ ours: T[]; peers: T[] }> {
  const ours: T[] = [];
  const peers: T[] = [];
  for (let turn = 0; turn < turns; turn += 1) {
    ours.push(await measure(gateway));
    peers.push(await measure(peer));
  }
  return { ours, peers };
}

function print(what: string, ours: readonly number[], peers: readonly number[], text: (value: number) => string): void {
  const [our, theirs] = [median(ours), median(peers)];
  console.log(`${what.padEnd(48)} ${text(our).padStart(10)} against ${text(theirs).padStart(10)} ${(our / theirs).toFixed(2).padStart(7)} x`);
}

const rate = (value: number): string => `${(value / 1e6).toFixed(2)} M/s`;
const kibibytes = (value: number): string => `${(value / 1024).toFixed(2)} KiB`;
const milliseconds = (value: number): string => `${value.toFixed(3)} ms`;

leaveTheFirstCore();
try {
  console.log(`${gateway.name}, with history, against ${peer.name}; each on one core, medians of ${turns} turns`);

  const bursts = await takeTurns(measureBurst);
  const of = (turn: readonly Burst[], key: keyof Burst): number[] => turn.map((one) => one[key]);
  console.log(`${burst.updates} updates at once to ${burst.streams} streams of all registrations`);
  for (const [what, key] of [
    ["  deliveries a second, first publish to last one", "deliveriesPerSecond"],
    ["  deliveries a second of the server's CPU", "deliveriesPerCpuSecond"],
  ] as const) {
    print(what, of(bursts.ours, key), of(bursts.peers, key), rate);
  }

  const idles = await takeTurns(measureIdle);
  const bytes = (turn: readonly Idle[]): number[] => turn.map((one) => one.bytesPerStream);
  const latency = (turn: readonly Idle[], q: number): number[] => turn.map((one) => quantile(one.latenciesMs, q));
  console.log(`${idle.streams} streams, each of a registration of its own`);
  print("  resident memory of an idle one", bytes(idles.ours), bytes(idles.peers), kibibytes);
  print("  publish to read, one update at a time: median", latency(idles.ours, 0.5), latency(idles.peers, 0.5), milliseconds);
  print("  publish to read, one update at a time: p99", latency(idles.ours, 0.99), latency(idles.peers, 0.99), milliseconds);
} finally {
  await Child.stopAll();
  removeTemporaryFolders();
}
