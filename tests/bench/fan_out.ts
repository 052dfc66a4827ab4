/**
 * The gateway beside a plain Node server on ioredis (fan_out_peer.mjs), each on a Redis of its own, the gateway with its history: updates
 * that go to a thousand streams in a burst, what an idle stream costs in memory, and how long a single update takes to one of ten thousand.
 *
 * The server that is measured has a core of its own; Redis, the readers and this publisher share the others. They take turns, each time as
 * new processes; the median turn of each counts, and the median of the turns' ratios.
 *
 *   fan_out.ts [--beside PROGRAM]     against another build of `regstream` instead of Node
 */
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import { Child } from "../processes/child.ts";
import { channel } from "../processes/redis.ts";
import { removeTemporaryFolders } from "../processes/temporary_folder.ts";
import { measureBurst } from "./burst.ts";
import { type Contender, gateway, MeasuredServer, shareCores } from "./measured_server.ts";
import { median, quantile } from "./quantile.ts";
import { StreamReaders } from "./stream_readers.ts";
import { updateOf } from "./updates.ts";

const turns = 9;
const burst = { streams: 1000, updates: 5000, warmUp: 500 };
const idle = { first: 100, streams: 10_000, updates: 1000, warmUp: 100 };

const { beside } = parseArgs({ options: { beside: { type: "string" } } }).values;

const ours = gateway("regstream serve");

const node: Contender = {
  name: "plain Node on ioredis",
  command: (redis) => [process.execPath, fileURLToPath(new URL("fan_out_peer.mjs", import.meta.url)), String(redis.port), channel],
  prepare: () => Promise.resolve(),
  publish: (pipeline, message) => void pipeline.publish(channel, message),
};

const peer = beside === undefined ? node : gateway(beside, [], beside);

async function measureFanOut(contender: Contender, core: string): Promise<Record<"rate" | "rateOfCpu", number>> {
  const server = await MeasuredServer.start(contender, core);
  const readers = await StreamReaders.open(server.port, burst.streams);
  const { tookNs, cpuNs } = await measureBurst(server, readers, burst, (index) => updateOf(index + 1));
  readers.close();
  await server.stop();
  return { rate: 1e9 / tookNs, rateOfCpu: 1e9 / cpuNs };
}

async function measureIdle(contender: Contender, core: string): Promise<Record<"bytesOfStream" | "latency" | "latencyP99" | "cpuOfUpdate", number>> {
  const server = await MeasuredServer.start(contender, core);
  // What the very first streams bring into memory is the program itself.
  const firstReaders = await StreamReaders.open(server.port, idle.first);
  const residentBytes = server.residentBytes();
  const readers = await StreamReaders.open(server.port, idle.streams, { query: "registrationId=%" });
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

/** In turns, so that a busy spell of the machine meets both; each begins every other turn. */
async function compare<Key extends string>(
  measure: (contender: Contender, core: string) => Promise<Record<Key, number>>,
  core: string,
  rows: readonly (readonly [what: string, key: Key, text: (value: number) => string])[],
): Promise<void> {
  const pairs: (readonly [Record<Key, number>, Record<Key, number>])[] = [];
  for (let turn = 0; turn < turns; turn += 1) {
    const early = turn % 2 === 0 ? undefined : await measure(peer, core);
    const our = await measure(ours, core);
    pairs.push([our, early ?? (await measure(peer, core))]);
  }
  for (const [what, key, text] of rows) {
    const [our, theirs] = [median(pairs.map(([figures]) => figures[key])), median(pairs.map(([, figures]) => figures[key]))];
    const ratio = median(pairs.map(([left, right]) => left[key] / right[key]));
    console.log(`  ${what.padEnd(54)} ${text(our).padStart(9)} against ${text(theirs).padStart(9)} ${ratio.toFixed(2).padStart(6)} x`);
  }
}

const rate = (perSecond: number): string => `${(perSecond / 1e6).toFixed(2)} M/s`;
const size = (bytes: number): string => `${(bytes / 1024).toFixed(2)} KiB`;
const time = (ns: number): string => `${(ns / 1e6).toFixed(3)} ms`;

try {
  const core = shareCores();
  console.log(`${ours.name}, with history, against ${peer.name}; the server on one core, all else on others; medians of ${turns} turns`);
  console.log(`${burst.updates} updates at once, each to ${burst.streams} streams`);
  await compare(measureFanOut, core, [
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
