import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { createPublisher } from "regstream/publisher";
import { afterEach, expect, test } from "vitest";

import { ChromiumClients } from "./chromium_clients.ts";
import type { Client } from "./client_judge.ts";
import { Deployment } from "./deployment.ts";
import type { EventId } from "./event_id.ts";
import { History, readHistory } from "./history.ts";
import { NativeClients } from "./native_clients.ts";
import { type FaultKind, inflict, schedule, ways } from "./nemesis.ts";
import { judge } from "./oracle.ts";
import { Probe } from "./probe.ts";
import { Publishers, publishersOf } from "./publishers.ts";
import { Random } from "./random.ts";
import { report } from "./report.ts";
import { timeline } from "./timeline.ts";
import { viewsOf } from "./views.ts";
import { until, Watch } from "./watch.ts";
import { costs } from "./whole_again.ts";
import { workload } from "./workload.ts";

/** REGSTREAM_FAULTS_SEED chooses another run. */
const seed = Number(process.env.REGSTREAM_FAULTS_SEED ?? 1);

const updates = 10_000;
/** While there are some. */
const perSecond = 130;
const registrations = 100;
const nativeClients = 300;
const lateMsMax = 60_000;
/** Bounds a hang: an update that is still missing after this is lost. */
const settleMsMax = 60_000;

const folder = fileURLToPath(new URL("../../build/faults", import.meta.url));

const pagePath = join(folder, "page_observations.txt");

/** One in ten follows everything. */
function registrationOf(index: number): number | null {
  return index % 10 === 3 ? null : 1 + (index % registrations);
}

let deployment: Deployment | undefined;
let native: NativeClients | undefined;
let pages: ChromiumClients | undefined;
let publishers: Publishers | undefined;
afterEach(async () => {
  await publishers?.stop();
  const logs = { ...deployment?.logs, ...publishers?.logs, stream_clients: native?.log ?? "" };
  for (const [name, log] of Object.entries(logs)) await writeFile(join(folder, `${name}.log`), log);
  await pages?.stop();
  await deployment?.stop();
});

test("no update is lost, doubled or reordered, whatever happens to gateways, Redis, nginx and connections", {
  timeout: 600_000,
}, async () => {
  console.log(`seed ${seed}; again: ./dev faults ${seed}`);
  await mkdir(folder, { recursive: true });
  // Everything else is overwritten. The other runs' files stay.
  await rm(pagePath, { force: true });
  const beganMs = Date.now();
  const random = new Random(seed);
  const history = new History();
  const deployed = (deployment = await Deployment.start());
  const { direct, pageLinks, proxies } = deployed;
  const observationsPath = join(folder, "observations.txt");
  const { entryAddresses } = deployed;
  const following = (native = await NativeClients.start(
    entryAddresses,
    lateMsMax,
    random,
    nativeClients,
    registrationOf,
    observationsPath,
  ));
  const browsing = (pages = await ChromiumClients.start(
    pageLinks.map(({ address }) => address),
    registrationOf,
  ));
  const clients = [...following.clients, ...browsing.clients];
  const watch = new Watch(observationsPath, clients, {
    path: pagePath,
    drainLines: () => browsing.drainLines(),
  });
  const publishing = (publishers = new Publishers(
    publishersOf(deployed),
    workload(random, updates, registrations),
    perSecond,
  ));
  const { publishes } = publishing;
  const rounds = schedule(random);

  // Publishes without a proxy; shows which clients have recovered.
  const probe = new Probe(createPublisher(direct, { historyLength: 1_000_000 }), publishing, watch, updates);
  /** Also waits until no connection is half-open. */
  const recovered = async (kinds: readonly FaultKind[]): Promise<void> => {
    const halfOpen = () => proxies.filter((proxy) => proxy.halfOpen > 0).map(({ port }) => port);
    await probe.untilWhole(`after ${kinds.join(" and ")}`, () => ({ halfOpen: halfOpen() }));
  };

  publishing.allow(0.01);
  await recovered([]);
  const begin = (round: number): void => publishing.allow((round + 1) / rounds.length);
  const faults = await inflict(deployed, history, random, rounds, begin, recovered);
  await until(async () => publishing.areAllGiven, settleMsMax);
  const exits = await publishing.end();

  // One more update for each registration, so that every client has something to wait for.
  for (let registrationId = 1; registrationId <= registrations; ++registrationId) await probe.publish(registrationId);
  await readHistory(direct, history);
  const { end } = history;
  if (end === null) throw new Error("the history is empty");
  const lastFor = ({ registrationId }: Client): EventId =>
    registrationId === null ? end : (history.lastUpTo(end, registrationId) ?? end);
  await until(async () => {
    await watch.look();
    return watch.missing(lastFor).length === 0;
  }, settleMsMax);
  const endMs = Date.now();
  await browsing.reportViews();
  await following.end();
  await watch.look();

  const all = [...publishes.values()];
  const verdict = judge({
    history,
    publishes: all,
    clients,
    observations: watch.observations,
    views: await viewsOf(history),
  });
  const costOf = costs(faults, history, all, verdict.judges, endMs);
  const text = report({
    seed,
    durationMs: endMs - beganMs,
    faults,
    costs: costOf,
    verdict,
    publishes: all,
    cuts: proxies.reduce((sum, { cuts }) => sum + cuts, 0),
    halfOpen: proxies.reduce((sum, { swallowed }) => sum + swallowed, 0),
    historiesLost: history.losses.length,
  });
  console.log(text);

  await writeFile(join(folder, "report.md"), text);
  const picture = timeline({
    title: `A run with faults: seed ${seed}`,
    beganMs,
    endMs,
    clients: clients.length,
    faults: faults.flatMap(({ kinds, ...trouble }, index) => {
      const cost = costOf[index];
      return cost === undefined ? [] : [{ ...trouble, name: kinds.map((kind) => ways[kind].name).join("; "), cost }];
    }),
    outages: verdict.judges.flatMap(({ outages }) => outages),
  });
  await writeFile(join(folder, "timeline.svg"), picture);
  await writeFile(join(folder, "faults.json"), JSON.stringify(faults, null, 1));
  await writeFile(join(folder, "violations.txt"), verdict.violations.join("\n"));
  await writeFile(join(folder, "history.txt"), history.entries.map((entry) => `${entry.text}\n`).join(""));
  expect(verdict.violations.slice(0, 20), `seed ${seed}; everything that was seen is in ${folder}`).toEqual([]);
  expect(exits).toEqual([0, 0, 0, 0, 0]);
});
