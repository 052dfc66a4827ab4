/**
 * 15 000 clients reconnect at once, without backoff, each with a cursor a hundred updates back. Measures how long it
 * takes from the first connect until the last client has read everything, and what that costs the gateway.
 *
 * returning.ts [--beside PROGRAM] [--turns COUNT]: in turns with another build of `regstream`
 */
import { parseArgs } from "node:util";

import { Child } from "../processes/child.ts";
import { removeTemporaryFolders } from "../processes/temporary_folder.ts";
import { type Contender, gateway, MeasuredServer, shareCores } from "./measured_server.ts";
import { median } from "./quantile.ts";
import { StreamReaders } from "./stream_readers.ts";
import { updateOf } from "./updates.ts";
import { record } from "./figures.ts";

const clients = 15_000;
const updates = 100;

interface Figures {
  readonly tookNs: number;
  readonly cpuNs: number;
  readonly peakBytes: number;
  readonly turnedAway: number;
}

const { values } = parseArgs({ options: { beside: { type: "string" }, turns: { type: "string", default: "5" } } });
const { beside } = values;
const turns = Number(values.turns);

async function measure(contender: Contender, core: string): Promise<Figures> {
  const server = await MeasuredServer.start(contender, core);
  await server.publish([updateOf(1)]);
  const cursor = await server.lastId();
  // A stream that is open already shows when the gateway has all of them.
  const witness = await StreamReaders.open(server.port, 1, { query: `lastEventId=${cursor}` });
  await server.publish(Array.from({ length: updates }, (_, index) => updateOf(index + 1)));
  await witness.until(updates);
  const cpuNs = server.cpuNs();
  const readers = await StreamReaders.open(server.port, clients, { query: `lastEventId=${cursor}`, opening: clients });
  const { least, most, atNs } = await readers.until(clients * updates);
  if (least !== most) throw new Error("some clients had more updates than others");
  const figures = {
    tookNs: atNs - readers.beganNs,
    cpuNs: server.cpuNs() - cpuNs,
    peakBytes: server.peakBytes(),
    turnedAway: readers.reopened,
  };
  witness.close();
  readers.close();
  await server.stop();
  return figures;
}

const seconds = (ns: number): string => `${(ns / 1e9).toFixed(2)} s`;

try {
  const core = shareCores();
  const contenders = [gateway("regstream serve"), ...(beside === undefined ? [] : [gateway(beside, [], beside)])];
  const measured = new Map(contenders.map((contender) => [contender, [] as Figures[]]));
  for (let turn = 0; turn < turns; turn += 1) {
    for (const contender of contenders) measured.get(contender)?.push(await measure(contender, core));
  }
  console.log(`${clients} clients return at once, each with ${updates} updates to read`);
  console.log(`the server on one core, the clients on others; medians of ${turns} turns`);
  for (const [what, key, text] of [
    ["all have read all after", "tookNs", seconds],
    ["the server's processor time", "cpuNs", seconds],
    ["the server's memory at its peak", "peakBytes", (bytes: number) => `${(bytes / 2 ** 20).toFixed(0)} MiB`],
  ] as const) {
    const bars = [...measured].map(([{ name }, figures]) => {
      const value = median(figures.map((each) => each[key]));
      return { name, value, text: text(value) };
    });
    record({ group: `${clients} clients return at once`, what, better: "less", bars });
  }
  for (const [{ name }, figures] of measured) {
    const of = (key: keyof Figures): number => median(figures.map((each) => each[key]));
    const [took, cpu, peak] = [seconds(of("tookNs")), seconds(of("cpuNs")), (of("peakBytes") / 2 ** 20).toFixed(0)];
    console.log(
      `  ${name}: all have read all after ${took}; ${cpu} of processor time, ${peak} MiB at its peak, ` +
        `${of("turnedAway")} times turned away`,
    );
  }
} finally {
  await Child.stopAll();
  removeTemporaryFolders();
}
