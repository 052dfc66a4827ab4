/**
 * What threads cost: the same program with one and with several, each of which decodes and keeps every update. Measures
 * a delivery, where an update goes to a thousand streams and where it goes to one, and an idle stream. The server,
 * Redis, the readers and this publisher may use all cores. So wall-clock time says nothing about the benefit of threads
 * unless there are many more cores than threads; the server's processor time shows their cost. The cases take turns as
 * new processes; the report has medians of the figures, and of each turn's ratio to one thread.
 */
import { readFileSync } from "node:fs";

import { Child } from "../processes/child.ts";
import { removeTemporaryFolders } from "../processes/temporary_folder.ts";
import { measureBurst } from "./burst.ts";
import { gateway, MeasuredServer } from "./measured_server.ts";
import { median } from "./quantile.ts";
import { StreamReaders } from "./stream_readers.ts";
import { updateOf } from "./updates.ts";

const turns = 9;
const threads = [1, 2, 4] as const;
const toAll = { streams: 1000, updates: 5000, warmUp: 500 };
const toOne = { streams: 1000, updates: 20_000, warmUp: 2000 };
const idle = { first: 100, streams: 4000 };

type Figures = Record<"cpuToAll" | "rateToAll" | "cpuToOne" | "rateToOne" | "bytesOfStream", number>;

const cores = /^Cpus_allowed_list:\s+(.*)$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1] ?? "0";

const start = (count: number): Promise<MeasuredServer> =>
  MeasuredServer.start(gateway(`${count} threads`, ["--threads", String(count)]), cores);

async function measureToAll(count: number): Promise<Pick<Figures, "cpuToAll" | "rateToAll">> {
  const server = await start(count);
  const readers = await StreamReaders.open(server.port, toAll.streams);
  const { cpuNs, tookNs } = await measureBurst(server, readers, toAll, (index) => updateOf(index + 1));
  readers.close();
  await server.stop();
  return { cpuToAll: cpuNs, rateToAll: 1e9 / tookNs };
}

async function measureToOne(count: number): Promise<Pick<Figures, "cpuToOne" | "rateToOne">> {
  const server = await start(count);
  const readers = await StreamReaders.open(server.port, toOne.streams, { query: "registrationId=%" });
  let published = 0;
  const send = async (updates: number): Promise<number> => {
    const messages = Array.from({ length: updates }, (_, index) => updateOf((index % toOne.streams) + 1));
    const [beganNs, { least, most, atNs }] = await Promise.all([
      server.publish(messages),
      readers.until((published += updates)),
    ]);
    if (least !== most) throw new Error("some streams had more updates than others");
    return atNs - beganNs;
  };
  await send(toOne.warmUp);
  const cpuNs = server.cpuNs();
  const tookNs = await send(toOne.updates);
  const usedNs = server.cpuNs() - cpuNs;
  readers.close();
  await server.stop();
  return { cpuToOne: usedNs / toOne.updates, rateToOne: (toOne.updates * 1e9) / tookNs };
}

async function measureIdle(count: number): Promise<Pick<Figures, "bytesOfStream">> {
  const server = await start(count);
  // The very first streams bring the program itself into memory.
  const first = await StreamReaders.open(server.port, idle.first);
  const residentBytes = server.residentBytes();
  const readers = await StreamReaders.open(server.port, idle.streams);
  const bytesOfStream = (server.residentBytes() - residentBytes) / idle.streams;
  first.close();
  readers.close();
  await server.stop();
  return { bytesOfStream };
}

const measured: Figures[][] = [];

function report(what: string, key: keyof Figures, text: (value: number) => string): void {
  console.log(what);
  for (const [index, count] of threads.entries()) {
    const ratios = measured.map((turn) => (turn[index]?.[key] ?? Number.NaN) / (turn[0]?.[key] ?? Number.NaN));
    const value = median(measured.map((turn) => turn[index]?.[key] ?? Number.NaN));
    console.log(
      `  ${`${count} ${count === 1 ? "thread" : "threads"}`.padEnd(46)} ${text(value).padStart(9)} ` +
        `${median(ratios).toFixed(2).padStart(6)} x`,
    );
  }
}

const nanoseconds = (ns: number): string => `${ns.toFixed(1)} ns`;
const microseconds = (ns: number): string => `${(ns / 1e3).toFixed(2)} µs`;
const millions = (perSecond: number): string => `${(perSecond / 1e6).toFixed(2)} M/s`;
const thousands = (perSecond: number): string => `${(perSecond / 1e3).toFixed(1)} k/s`;
const size = (bytes: number): string => `${(bytes / 1024).toFixed(2)} KiB`;

try {
  for (let turn = 0; turn < turns; turn += 1) {
    const figures: Figures[] = [];
    for (const count of threads) {
      figures.push({ ...(await measureToAll(count)), ...(await measureToOne(count)), ...(await measureIdle(count)) });
    }
    measured.push(figures);
  }
  console.log(`regstream serve --threads, on the cores ${cores} with all else; medians of ${turns} turns`);
  console.log(`${toAll.updates} updates at once, each to ${toAll.streams} streams`);
  report("the server's processor time for a delivery", "cpuToAll", nanoseconds);
  report("deliveries a second, from first publish to last read", "rateToAll", millions);
  console.log(`${toOne.updates} updates at once, each to one of ${toOne.streams} streams`);
  report("the server's processor time for a delivery", "cpuToOne", microseconds);
  report("deliveries a second, from first publish to last read", "rateToOne", thousands);
  console.log(`${idle.streams} streams are opened, and stay idle`);
  report("resident memory of a stream", "bytesOfStream", size);
} finally {
  await Child.stopAll();
  removeTemporaryFolders();
}
