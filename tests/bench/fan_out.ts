/**
 * The gateway beside a plain Node server on ioredis (fan_out_peer.mjs), each on a Redis of its own, the gateway with its history: updates
 * that go to a thousand streams in a burst, what an idle stream costs in memory, and how long a single update takes to one of ten thousand.
 *
 * The server that is measured has a core of its own; Redis, the readers and this publisher share the others. They take turns, each time as
 * new processes, and of each the median turn counts.
 */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import type { ChainableCommander, Redis } from "ioredis";

import { Child } from "../processes/child.ts";
import { program } from "../processes/gateway.ts";
import { channel, RedisServer } from "../processes/redis.ts";
import { removeTemporaryFolders } from "../processes/temporary_folder.ts";
import { median, quantile } from "./quantile.ts";
import { StreamReaders } from "./stream_readers.ts";
import { loadHistoryScript, publishInHistory, run, updateOf } from "./updates.ts";

const turns = 5;
const burst = { streams: 1000, updates: 5000, warmUp: 500 };
const idle = { first: 100, streams: 10_000, updates: 1000, warmUp: 100 };

const peerProgram = fileURLToPath(new URL("fan_out_peer.mjs", import.meta.url));

interface Contender {
  readonly name: string;
  command(redis: RedisServer): string[];
  /** Of its Redis, before the first update. */
  prepare(client: Redis): Promise<void>;
  publish(pipeline: ChainableCommander, message: string, key: string): void;
}

const gateway: Contender = {
  name: "regstream serve",
  command: (redis) => [program, "serve", "--port", "0", "--redis", redis.address],
  prepare: loadHistoryScript,
  publish: publishInHistory,
};

const peer: Contender = {
  name: "plain Node on ioredis",
  command: (redis) => [process.execPath, peerProgram, String(redis.port), channel],
  prepare: () => Promise.resolve(),
  publish: (pipeline, message) => void pipeline.publish(channel, message),
};

/** The first core is the server's; whatever else is started inherits the others. */
function shareCores(): string {
  const allowed = /^Cpus_allowed_list:\s+(.*)$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1] ?? "";
  const cores = allowed.split(",").flatMap((range) => {
    const [first = 0, last = first] = range.split("-").map(Number);
    return Array.from({ length: last - first + 1 }, (_, index) => String(first + index));
  });
  const [ofServer, ...others] = cores;
  if (ofServer === undefined || others.length === 0) {
    throw new Error("needs two cores: one for the server, one for Redis, the readers and the publisher");
  }
  execFileSync("taskset", ["--all-tasks", "--pid", "--cpu-list", others.join(","), String(process.pid)]);
  return ofServer;
}

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

  static async start(contender: Contender, core: string): Promise<Server> {
    const redis = await RedisServer.start();
    const client = redis.connect();
    await contender.prepare(client);
    const child = new Child("taskset", ["--cpu-list", core, ...contender.command(redis)]);
    const ready = await child.untilOutput(/serving on http:\/\/127\.0\.0\.1:(\d+)/);
    return new Server(contender, redis, client, child, Number(ready[1]));
  }

  /** Publishes all at once; gives when it began, by the clock of process.hrtime. */
  async publish(messages: readonly string[]): Promise<number> {
    const pipeline = this.client.pipeline();
    for (const message of messages) this.contender.publish(pipeline, message, `bench-${(this.published += 1)}`);
    const beganNs = Number(process.hrtime.bigint());
    await run(pipeline);
    return beganNs;
  }

  /** Of all its threads, so far. */
  cpuNs(): number {
    const threads = readdirSync(`/proc/${this.child.pid}/task`);
    const used = threads.map((thread) => readFileSync(`/proc/${this.child.pid}/task/${thread}/schedstat`, "utf8"));
    return used.reduce((sum, schedstat) => sum + Number(schedstat.split(" ")[0]), 0);
  }

  residentBytes(): number {
    const rollup = readFileSync(`/proc/${this.child.pid}/smaps_rollup`, "utf8");
    return Number(/^Rss:\s+(\d+) kB$/m.exec(rollup)?.[1]) * 1024;
  }

  async stop(): Promise<void> {
    this.client.disconnect();
    await this.child.stop("SIGKILL");
    await this.redis.stop();
  }
}

async function measureBurst(contender: Contender, core: string): Promise<Record<"rate" | "rateOfCpu", number>> {
  const server = await Server.start(contender, core);
  const readers = await StreamReaders.open(server.port, burst.streams, "all");
  let published = 0;
  const send = async (count: number): Promise<number> => {
    const [beganNs, { least, most, atNs }] = await Promise.all([
      server.publish(Array.from({ length: count }, (_, index) => updateOf(index + 1))),
      readers.until((published += count) * burst.streams),
    ]);
    if (least !== most) throw new Error(`${contender.name}: some streams had more updates than others`);
    return atNs - beganNs;
  };
  await send(burst.warmUp);
  const cpuNs = server.cpuNs();
  const tookNs = await send(burst.updates);
  const usedNs = server.cpuNs() - cpuNs;
  readers.close();
  await server.stop();

  const deliveries = burst.streams * burst.updates;
  return { rate: deliveries / (tookNs / 1e9), rateOfCpu: deliveries / (usedNs / 1e9) };
}

async function measureIdle(contender: Contender, core: string): Promise<Record<"bytesOfStream" | "latency" | "latencyP99" | "cpuOfUpdate", number>> {
  const server = await Server.start(contender, core);
  // What the very first streams bring into memory is the program itself.
  const firstReaders = await StreamReaders.open(server.port, idle.first, "all");
  const residentBytes = server.residentBytes();
  const readers = await StreamReaders.open(server.port, idle.streams, "own");
  const bytesOfStream = (server.residentBytes() - residentBytes) / idle.streams;
  firstReaders.close();

  const latenciesNs: number[] = [];
  let cpuNs = 0;
  for (let update = 0; update < idle.warmUp + idle.updates; update += 1) {
    if (update === idle.warmUp) cpuNs = server.cpuNs();
    // A step that is prime to the number of streams goes through all of them.
    const registrationId = ((update * 7919) % idle.streams) + 1;
    const [beganNs, { most, atNs }] = await Promise.all([server.publish([updateOf(registrationId)]), readers.until(update + 1)]);
    if (most !== 1) throw new Error(`${contender.name}: an update went to a stream that it does not concern`);
    if (update >= idle.warmUp) latenciesNs.push(atNs - beganNs);
  }
  const usedNs = server.cpuNs() - cpuNs;
  readers.close();
  await server.stop();
  return { bytesOfStream, latency: quantile(latenciesNs, 0.5), latencyP99: quantile(latenciesNs, 0.99), cpuOfUpdate: usedNs / idle.updates };
}

/** In turns, so that a busy spell of the machine meets both. */
async function compare<Key extends string>(
  measure: (contender: Contender, core: string) => Promise<Record<Key, number>>,
  core: string,
  rows: readonly (readonly [what: string, key: Key, text: (value: number) => string])[],
): Promise<void> {
  const ours: Record<Key, number>[] = [];
  const peers: Record<Key, number>[] = [];
  for (let turn = 0; turn < turns; turn += 1) {
    ours.push(await measure(gateway, core));
    peers.push(await measure(peer, core));
  }
  for (const [what, key, text] of rows) {
    const [our, theirs] = [median(ours.map((figures) => figures[key])), median(peers.map((figures) => figures[key]))];
    const row = `  ${what.padEnd(54)} ${text(our).padStart(9)} against ${text(theirs).padStart(9)}`;
    console.log(`${row} ${(our / theirs).toFixed(2).padStart(6)} x`);
  }
}

const rate = (perSecond: number): string => `${(perSecond / 1e6).toFixed(2)} M/s`;
const size = (bytes: number): string => `${(bytes / 1024).toFixed(2)} KiB`;
const time = (ns: number): string => `${(ns / 1e6).toFixed(3)} ms`;

try {
  const core = shareCores();
  console.log(`${gateway.name}, with history, against ${peer.name}; the server on one core, all else on others; medians of ${turns} turns`);
  console.log(`${burst.updates} updates at once, each to ${burst.streams} streams`);
  await compare(measureBurst, core, [
    ["deliveries a second, from first publish to last read", "rate", rate],
    ["deliveries a second of the server's processor time", "rateOfCpu", rate],
  ]);
  console.log(`${idle.streams} idle streams, and updates one at a time, each to one of them`);
  await compare(measureIdle, core, [
    ["resident memory of a stream", "bytesOfStream", size],
    ["from publish to read: median", "latency", time],
    ["from publish to read: p99", "latencyP99", time],
    ["the server's processor time for an update", "cpuOfUpdate", time],
  ]);
} finally {
  await Child.stopAll();
  removeTemporaryFolders();
}
