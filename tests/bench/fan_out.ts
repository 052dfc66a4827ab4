/**
 * The gateway beside a plain Node server on ioredis (fan_out_peer.mjs), each with its own Redis, the gateway with its
 * history. Measures a burst of updates to a thousand streams, the memory of an idle stream, and the latency of a single
 * update to one of ten thousand. The measured server has a core of its own; Redis, the readers and this publisher share
 * the others. The two take turns as new processes. The median turn of each counts, and the median of the turns' ratios.
 *
 * fan_out.ts [--beside PROGRAM]: against another build of `regstream` instead of Node
 */
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import { Child } from "../processes/child.ts";
import { channel } from "../processes/redis.ts";
import { removeTemporaryFolders } from "../processes/temporary_folder.ts";
import { measureBurst } from "./burst.ts";
import { compareInTurns, kibibytes, milliseconds, millions } from "./comparison.ts";
import { type Contender, gateway, MeasuredServer, shareCores } from "./measured_server.ts";
import { quantile } from "./quantile.ts";
import { StreamReaders } from "./stream_readers.ts";
import { updateOf } from "./updates.ts";

const turns = 9;
const burst = { streams: 1000, updates: 5000, warmUp: 500 };
const idle = { first: 100, streams: 10_000, updates: 1000, warmUp: 100 };

const { beside } = parseArgs({ options: { beside: { type: "string" } } }).values;

const ours = gateway("regstream serve");

const node: Contender = {
  name: "plain Node on ioredis",
  command: (redis) => [
    process.execPath,
    fileURLToPath(new URL("fan_out_peer.mjs", import.meta.url)),
    String(redis.port),
    channel,
  ],
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

async function measureIdle(
  contender: Contender,
  core: string,
): Promise<Record<"bytesOfStream" | "latency" | "latencyP99" | "cpuOfUpdate", number>> {
  const server = await MeasuredServer.start(contender, core);
  // The very first streams bring the program itself into memory.
  const firstReaders = await StreamReaders.open(server.port, idle.first);
  const residentBytes = server.residentBytes();
  const readers = await StreamReaders.open(server.port, idle.streams, { query: "registrationId=%" });
  const bytesOfStream = (server.residentBytes() - residentBytes) / idle.streams;
  firstReaders.close();

  const latenciesNs: number[] = [];
  let cpuNs = 0;
  for (let update = 0; update < idle.warmUp + idle.updates; update += 1) {
    if (update === idle.warmUp) cpuNs = server.cpuNs();
    // A step that is coprime to the number of streams visits all of them.
    const registrationId = ((update * 7919) % idle.streams) + 1;
    const [beganNs, { most, atNs }] = await Promise.all([
      server.publish([updateOf(registrationId)]),
      readers.until(update + 1),
    ]);
    if (most !== 1) throw new Error(`${contender.name}: an update went to a stream that it does not concern`);
    if (update >= idle.warmUp) latenciesNs.push(atNs - beganNs);
  }
  const usedNs = server.cpuNs() - cpuNs;
  readers.close();
  await server.stop();
  return {
    bytesOfStream,
    latency: quantile(latenciesNs, 0.5),
    latencyP99: quantile(latenciesNs, 0.99),
    cpuOfUpdate: usedNs / idle.updates,
  };
}

try {
  const core = shareCores();
  console.log(
    `${ours.name}, with history, against ${peer.name}; the server on one core, all else on others; ` +
      `medians of ${turns} turns`,
  );
  await compareInTurns(
    `${burst.updates} updates at once, each to ${burst.streams} streams`,
    [ours, peer],
    turns,
    (contender) => measureFanOut(contender, core),
    [
      ["deliveries a second, from first publish to last read", "rate", millions, "more"],
      ["deliveries a second of the server's processor time", "rateOfCpu", millions, "more"],
    ],
  );
  await compareInTurns(
    `${idle.streams} idle streams, and updates one at a time, each to one of them`,
    [ours, peer],
    turns,
    (contender) => measureIdle(contender, core),
    [
      ["resident memory of a stream", "bytesOfStream", kibibytes, "less"],
      ["from publish to read: median", "latency", milliseconds, "less"],
      ["from publish to read: p99", "latencyP99", milliseconds, "less"],
      ["the server's processor time for an update", "cpuOfUpdate", milliseconds, "less"],
    ],
  );
} finally {
  await Child.stopAll();
  removeTemporaryFolders();
}
