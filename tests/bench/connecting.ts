/**
 * How fast streams are opened: the gateway beside nginx with nchan. Each stream follows one id, as a page's does. As in
 * fan_out.ts the server has a core of its own, and the two take turns.
 *
 * connecting.ts [--beside PROGRAM] [--turns COUNT]: against another build of `regstream` instead of nchan
 */
import { parseArgs } from "node:util";

import { Child } from "../processes/child.ts";
import { removeTemporaryFolders } from "../processes/temporary_folder.ts";
import { compareInTurns, microseconds, thousands } from "./comparison.ts";
import { type Contender, gateway, MeasuredServer, shareCores } from "./measured_server.ts";
import { nchan } from "./nchan.ts";
import { StreamReaders } from "./stream_readers.ts";

const warmUp = 100;
const streams = 15_000;

const { values } = parseArgs({ options: { beside: { type: "string" }, turns: { type: "string", default: "9" } } });
const { beside } = values;
const turns = Number(values.turns);
const ours = gateway("regstream serve");
const peer = beside === undefined ? nchan() : gateway(beside, [], beside);

async function measure(contender: Contender, core: string): Promise<Record<"rate" | "cpuOfStream", number>> {
  const server = await MeasuredServer.start(contender, core);
  const open = (count: number): Promise<StreamReaders> =>
    StreamReaders.open(server.port, count, { query: "registrationId=%", isOpenByHead: true });
  const first = await open(warmUp);
  const cpuNs = server.cpuNs();
  const readers = await open(streams);
  const usedNs = server.cpuNs() - cpuNs;
  const { openingNs } = readers;
  first.close();
  readers.close();
  await server.stop();
  return { rate: (1e9 * streams) / openingNs, cpuOfStream: usedNs / streams };
}

try {
  const core = shareCores();
  console.log(
    `${ours.name} against ${peer.name}; the server on one core, the readers on others; medians of ${turns} turns`,
  );
  await compareInTurns(
    `${streams} streams are opened, 100 at a time`,
    [ours, peer],
    turns,
    (contender) => measure(contender, core),
    [
      ["streams a second", "rate", thousands, "more"],
      ["the server's processor time to open one", "cpuOfStream", microseconds, "less"],
    ],
  );
} finally {
  await Child.stopAll();
  removeTemporaryFolders();
}
