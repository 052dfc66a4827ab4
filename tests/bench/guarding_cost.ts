/**
 * What tokens and TLS cost: the same program open and guarded, in the clear and over TLS. Measures a delivery, which
 * tokens must not slow down, an idle stream, and opening one, each with its own token and a full handshake. As in
 * fan_out.ts the server has a core of its own. The cases take turns as new processes. The report has medians of the
 * figures, and of each turn's ratio to the case that differs in one thing. The server's processor time counts:
 * wall-clock time includes the readers, which decrypt.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { CertificateAuthority } from "../processes/certificates.ts";
import { Child } from "../processes/child.ts";
import { removeTemporaryFolders, temporaryFolder } from "../processes/temporary_folder.ts";
import { type Json, now, type Rights, TokenKey } from "../processes/tokens.ts";
import { measureBurst } from "./burst.ts";
import { gateway, MeasuredServer, shareCores } from "./measured_server.ts";
import { median } from "./quantile.ts";
import { StreamReaders, type StreamsOptions } from "./stream_readers.ts";
import { updateOf } from "./updates.ts";
import { type Bar, type Figure, record } from "./figures.ts";

const turns = 9;
const burst = { streams: 1000, updates: 5000, warmUp: 500 };
const idle = { first: 100, streams: 4000 };
const threeIds = [1, 2, 3];

interface Case {
  readonly name: string;
  /** The name of the case that it is compared with. */
  readonly beside?: string;
  /** Options of `regstream serve`. */
  readonly options: readonly string[];
  readonly streams: StreamsOptions;
}

type Figures = Record<"cpuOfDelivery" | "rate" | "bytesOfStream" | "cpuOfOpening", number>;

/** A gateway's key, and a file with a token for each stream. */
function guarded(key: TokenKey, rights: Rights): Pick<Case, "options" | "streams"> {
  const tokens = join(temporaryFolder(), "tokens");
  const claims = (index: number): Json => ({ exp: now() + 3600, jti: String(index) });
  const lines = Array.from({ length: idle.streams }, (_, index) => key.token(rights, claims(index)));
  writeFileSync(tokens, lines.join("\n"));
  return { options: ["--token-key", key.file()], streams: { tokens } };
}

function makeCases(): Case[] {
  const secret = TokenKey.make("HS256");
  const { certFile, keyFile } = new CertificateAuthority().issue();
  const tls = { options: ["--tls-cert", certFile, "--tls-key", keyFile], streams: { speaksTls: true } };
  const query = threeIds.map((id) => `registrationId=${id}`).join("&");
  const all = { subscribe: ["registration:*"] };
  const listed = { subscribe: threeIds.map((id) => `registration:${id}`) };
  return [
    { name: "all, open", options: [], streams: {} },
    { name: "all, by tokens with * (HS256)", beside: "all, open", ...guarded(secret, all) },
    { name: "all, by tokens with * (ES256)", beside: "all, open", ...guarded(TokenKey.make("ES256"), all) },
    { name: "all, open, by TLS", beside: "all, open", ...tls },
    { name: "three ids, open", options: [], streams: { query } },
    { name: "three ids, by tokens that list them (HS256)", beside: "three ids, open", ...guarded(secret, listed) },
  ];
}

async function measure({ name, options, streams }: Case, core: string): Promise<Figures> {
  const busy = await MeasuredServer.start(gateway(name, options), core);
  const busyReaders = await StreamReaders.open(busy.port, burst.streams, streams);
  const update = (index: number): string => updateOf(threeIds[index % threeIds.length] ?? 1);
  const delivery = await measureBurst(busy, busyReaders, burst, update);
  busyReaders.close();
  await busy.stop();

  const quiet = await MeasuredServer.start(gateway(name, options), core);
  // The very first streams bring the program itself into memory.
  const firstReaders = await StreamReaders.open(quiet.port, idle.first, streams);
  const residentBytes = quiet.residentBytes();
  const cpuNs = quiet.cpuNs();
  const readers = await StreamReaders.open(quiet.port, idle.streams, streams);
  const cpuOfOpening = (quiet.cpuNs() - cpuNs) / idle.streams;
  const bytesOfStream = (quiet.residentBytes() - residentBytes) / idle.streams;
  firstReaders.close();
  readers.close();
  await quiet.stop();
  return { cpuOfDelivery: delivery.cpuNs, rate: 1e9 / delivery.tookNs, bytesOfStream, cpuOfOpening };
}

/** Prints a figure of all cases from `measured`: by case, turn by turn. */
function report(
  [group, what, better]: readonly [group: string, what: string, better: Figure["better"]],
  key: keyof Figures,
  text: (value: number) => string,
  cases: readonly Case[],
  measured: ReadonlyMap<string, Figures[]>,
): void {
  console.log(what);
  const bars: Bar[] = [];
  for (const { name, beside } of cases) {
    const values = (measured.get(name) ?? []).map((figures) => figures[key]);
    const others = measured.get(beside ?? "")?.map((figures) => figures[key]);
    const ratios = values.map((value, turn) => value / (others?.[turn] ?? Number.NaN));
    const ratio = beside && `${median(ratios).toFixed(2)} x "${beside}"`;
    console.log(`  ${name.padEnd(46)} ${text(median(values)).padStart(9)}  ${ratio ?? ""}`.trimEnd());
    bars.push({ name, value: median(values), text: text(median(values)) });
  }
  record({ group, what, better, bars });
}

const nanoseconds = (ns: number): string => `${ns.toFixed(1)} ns`;
const microseconds = (ns: number): string => `${(ns / 1e3).toFixed(1)} µs`;
const rate = (perSecond: number): string => `${(perSecond / 1e6).toFixed(2)} M/s`;
const size = (bytes: number): string => `${(bytes / 1024).toFixed(2)} KiB`;

try {
  const core = shareCores();
  const cases = makeCases();
  const measured = new Map(cases.map(({ name }) => [name, [] as Figures[]]));
  for (let turn = 0; turn < turns; turn += 1) {
    for (const each of cases) measured.get(each.name)?.push(await measure(each, core));
  }
  console.log(`regstream serve with history; the server on one core, all else on others; medians of ${turns} turns`);
  const busy = `${burst.updates} updates at once, each to ${burst.streams} streams`;
  console.log(busy);
  report([busy, "the server's processor time for a delivery", "less"], "cpuOfDelivery", nanoseconds, cases, measured);
  report([busy, "deliveries a second, from first publish to last read", "more"], "rate", rate, cases, measured);
  const quiet = `${idle.streams} streams are opened, and stay idle`;
  console.log(quiet);
  report([quiet, "resident memory of a stream", "less"], "bytesOfStream", size, cases, measured);
  report(
    [quiet, "the server's processor time to open a stream", "less"],
    "cpuOfOpening",
    microseconds,
    cases,
    measured,
  );
} finally {
  await Child.stopAll();
  removeTemporaryFolders();
}
