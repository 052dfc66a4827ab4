/**
 * How long an update takes from a plain PUBLISH to its readers: the gateway, which first adopts it into the history,
 * beside a plain epoll loop that keeps nothing (plain_fan_out.cpp). Updates come at an even pace, each to many streams,
 * and each delivery counts. As in fan_out.ts the server has a core of its own, and the two take turns.
 *
 * fan_out_latency.ts [--beside PROGRAM] [--turns COUNT]: against another build of `regstream` instead of the loop
 */
import { parseArgs } from "node:util";

import { Child } from "../processes/child.ts";
import { channel } from "../processes/redis.ts";
import { removeTemporaryFolders } from "../processes/temporary_folder.ts";
import { benchProgram } from "./bench_program.ts";
import { compareInTurns, microseconds, milliseconds } from "./comparison.ts";
import { floor } from "./floor.ts";
import { type Contender, gateway, MeasuredServer, shareCores } from "./measured_server.ts";
import { StreamReaders } from "./stream_readers.ts";

interface Load {
  readonly name: string;
  readonly streams: number;
  /** The number of registrations; 0: each stream follows all. */
  readonly ids: number;
  readonly updatesPerSecond: number;
}

const loads: readonly Load[] = [
  { name: "1000 streams of all ids, 200 updates a second", streams: 1000, ids: 0, updatesPerSecond: 200 },
  { name: "10000 streams on 1000 ids, 2000 updates a second", streams: 10_000, ids: 1000, updatesPerSecond: 2000 },
];
const warmUpSeconds = 1;
const seconds = 5;

type Figures = Record<"median" | "p99" | "cpuOfDelivery", number>;

const { values } = parseArgs({ options: { beside: { type: "string" }, turns: { type: "string", default: "7" } } });
const ours = gateway("regstream serve");
const peer = values.beside === undefined ? floor : gateway(values.beside, [], values.beside);

async function measure({ streams, ids, updatesPerSecond }: Load, contender: Contender, core: string): Promise<Figures> {
  const server = await MeasuredServer.start(contender, core);
  const readers = await StreamReaders.open(server.port, streams, ids === 0 ? {} : { query: `registrationId=%${ids}` });
  const deliveries = ids === 0 ? streams : streams / ids;
  let published = 0;
  const publish = async (count: number): Promise<void> => {
    published += count;
    const pace = [updatesPerSecond, count, ids === 0 ? 1000 : ids].map(String);
    const publisher = new Child(benchProgram("paced_publisher"), [String(server.redis.port), channel, ...pace]);
    await Promise.all([publisher.untilOutput(/published/), readers.until(published * deliveries)]);
  };
  await publish(warmUpSeconds * updatesPerSecond);
  await readers.latencies();
  const cpuNs = server.cpuNs();
  await publish(seconds * updatesPerSecond);
  const usedNs = server.cpuNs() - cpuNs;
  const { count, medianNs, p99Ns } = await readers.latencies();
  if (count !== seconds * updatesPerSecond * deliveries)
    throw new Error(`${contender.name}: ${count} updates say when they were sent`);
  readers.close();
  await server.stop();
  return { median: medianNs, p99: p99Ns, cpuOfDelivery: usedNs / count };
}

try {
  const core = shareCores();
  const turns = Number(values.turns);
  console.log(
    `${ours.name}, by plain PUBLISH, against ${peer.name}; the server on one core, all else on others; ` +
      `medians of ${turns} turns`,
  );
  for (const load of loads) {
    await compareInTurns(load.name, [ours, peer], turns, (contender) => measure(load, contender, core), [
      ["from publish to read: median", "median", milliseconds, "less"],
      ["from publish to read: p99", "p99", milliseconds, "less"],
      ["the server's processor time for a delivery", "cpuOfDelivery", microseconds, "less"],
    ]);
  }
} finally {
  await Child.stopAll();
  removeTemporaryFolders();
}
