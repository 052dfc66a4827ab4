import { createReadStream } from "node:fs";
import { appendFile, mkdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { createPublisher } from "regstream/publisher";
import { afterEach, expect, test } from "vitest";

import { Child } from "../processes/child.ts";
import { program } from "../processes/gateway.ts";
import { ChromiumClients } from "./chromium_clients.ts";
import type { Client } from "./client_judge.ts";
import { Deployment, entries } from "./deployment.ts";
import { compare, type EventId, parseEventId, textOf } from "./event_id.ts";
import { History, numbered, readHistory } from "./history.ts";
import { type FaultKind, inflict, schedule } from "./nemesis.ts";
import { type Observation, parseObservation } from "./observations.ts";
import { judge } from "./oracle.ts";
import { Publishers } from "./publishers.ts";
import { Random } from "./random.ts";
import { report } from "./report.ts";
import { costs } from "./whole_again.ts";
import { publishOf, workload } from "./workload.ts";

/** REGSTREAM_FAULTS_SEED chooses another run. */
const seed = Number(process.env.REGSTREAM_FAULTS_SEED ?? 1);

const updates = 10_000;
const registrations = 100;
const nativeClients = 300;
/** One in six comes late: within this time. */
const lateMsMax = 60_000;
/** Bounds a hang: after this, who still misses something has lost it. */
const settleMsMax = 60_000;
const recoverMsMax = 30_000;

const folder = fileURLToPath(new URL("../../build/faults", import.meta.url));
const built = (name: string): string => join(dirname(program), name);

/** Follows what the clients see while it happens. */
class Watch {
  readonly observations: Observation[] = [];
  private readonly stateOf = new Map<string, string>();
  private readonly lastOf = new Map<string, EventId>();
  private offset = 0;

  constructor(
    private readonly path: string,
    private readonly pages: ChromiumClients,
    private readonly clients: readonly Client[],
  ) {}

  async look(): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of createReadStream(this.path, { start: this.offset })) chunks.push(chunk as Buffer);
    const bytes = Buffer.concat(chunks);
    // Only whole lines, so that no character is cut.
    const end = bytes.lastIndexOf("\n") + 1;
    this.offset += end;
    const pageLines = await this.pages.takeLines();
    for (const line of [...bytes.subarray(0, end).toString("utf8").split("\n"), ...pageLines]) if (line !== "") this.take(parseObservation(line));
    await appendFile(join(folder, "page_observations.txt"), pageLines.map((line) => `${line}\n`).join(""));
  }

  /** Of those that have come. */
  get ungreeted(): string[] {
    return [...this.stateOf].filter(([, state]) => state !== "greeted").map(([name]) => name);
  }

  hasCome({ name }: Client): boolean {
    return this.stateOf.has(name);
  }

  /** Who has not had everything up to the update that is its last one. */
  missing(lastFor: (client: Client) => EventId, isAsked: (client: Client) => boolean = () => true): Client[] {
    return this.clients.filter((client) => {
      const last = this.lastOf.get(client.name);
      return isAsked(client) && (last === undefined || compare(last, lastFor(client)) < 0);
    });
  }

  private take(observation: Observation): void {
    this.observations.push(observation);
    const { client, kind } = observation;
    if (kind === "connected" || kind === "reset" || kind === "snapshot" || kind === "update") {
      this.stateOf.set(client, "greeted");
      this.lastOf.set(client, observation.id);
    } else if (kind === "waiting" || kind === "asks" || kind === "connecting") {
      this.stateOf.set(client, kind);
    }
  }
}

/** Asks again now and then, until it is so; false after `msMax`. */
async function until(isSo: () => Promise<boolean>, msMax: number): Promise<boolean> {
  const giveUpMs = Date.now() + msMax;
  while (!(await isSo())) {
    if (Date.now() > giveUpMs) return false;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return true;
}

/** Fingerprints of every registration's view after each of the history's updates. */
async function viewsOf(history: History): Promise<ReadonlyMap<string, string>> {
  const child = new Child(built("fold_history"), [], {}, history.entries.map(({ text }) => `${text}\n`).join(""));
  if ((await child.exited) !== 0) throw new Error(child.log);
  return new Map(child.log.trimEnd().split("\n").map((line) => line.split(" ") as [string, string]));
}

let deployment: Deployment | undefined;
let pages: ChromiumClients | undefined;
let publishers: Publishers | undefined;
let native: Child | undefined;
afterEach(async () => {
  publishers?.stop();
  const logs = { ...deployment?.logs, ...publishers?.logs, stream_clients: native?.log ?? "" };
  for (const [name, log] of Object.entries(logs)) await writeFile(join(folder, `${name}.log`), log);
  await pages?.stop();
  await deployment?.stop();
});

test(
  "nobody loses, doubles or reorders an update, whatever happens to gateways, Redis, nginx and connections",
  { timeout: 600_000 },
  async () => {
    console.log(`seed ${seed}; again: ./dev faults ${seed}`);
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
    const beganMs = Date.now();
    const random = new Random(seed);
    const history = new History();
    deployment = await Deployment.start();
    const { direct, clientLinks, pageLinks } = deployment;

    // One in ten follows everything.
    const registrationOf = (index: number): number | null => (index % 10 === 3 ? null : 1 + (index % registrations));
    const clients: Client[] = [];
    let clientLines = "";
    for (let index = 0; index < nativeClients; ++index) {
      const entry = random.one(entries);
      const registrationId = registrationOf(index);
      const client = { name: `${entry}-${index}`, registrationId, isPage: false };
      clients.push(client);
      const query = registrationId === null ? "" : `?registrationId=${registrationId}`;
      const url = `http://${clientLinks[entry].address}/api/registrations/updates/stream${query}`;
      const delayMs = index % 6 === 5 ? random.from(0, lateMsMax) : 0;
      clientLines += `${client.name} ${random.from(1, 2 ** 31)} ${delayMs} ${registrationId ?? 0} ${url}\n`;
    }
    const observationsPath = join(folder, "observations.txt");
    const following = (native = new Child(built("stream_clients"), [observationsPath], {}, clientLines));
    await following.untilOutput(/clients/);
    const browser = (pages = await ChromiumClients.start(pageLinks.map(({ address }) => address), registrationOf));
    clients.push(...browser.clients);
    const watch = new Watch(observationsPath, browser, clients);
    const publishing = (publishers = new Publishers(deployment, workload(random, updates, registrations)));
    const { publishes } = publishing;

    // Past all proxies: what it publishes shows who is whole.
    const probe = createPublisher(direct, { historyLength: 1_000_000 });
    let serial = updates;
    const publishProbe = async (registrationId: number): Promise<EventId> => {
      const publish = publishOf({ publisher: "probe", serial: ++serial, registrationId });
      publishes.set(serial, publish);
      publish.calledMs = Date.now();
      const { id } = await probe.publish({ registrationId, status: "COMPLETED", message: numbered(publish.serial, "a probe") });
      publish.toldMs = Date.now();
      return (publish.id = parseEventId(id));
    };

    const { proxies } = deployment;
    /** Everybody is connected, and has what was published by now; nobody waits for Redis; nothing is half-open. */
    const recovered = async (kinds: readonly FaultKind[]): Promise<void> => {
      const last = await publishProbe(random.from(1, registrations));
      const probeMs = Date.now();
      let waitsFor: Record<string, readonly unknown[]> = {};
      const isWhole = async (): Promise<boolean> => {
        await watch.look();
        publishing.look();
        waitsFor = {
          ungreeted: watch.ungreeted,
          behind: watch.missing(() => last, (client) => client.registrationId === null && watch.hasCome(client)).map(({ name }) => name),
          untold: publishing.untold(probeMs).map(({ publisher, serial: number }) => `${publisher} ${number}`),
          halfOpen: proxies.filter(({ halfOpen }) => halfOpen > 0).map(({ port }) => port),
        };
        return Object.values(waitsFor).every(({ length }) => length === 0) && Date.now() - probeMs > 1_200;
      };
      if (!(await until(isWhole, recoverMsMax))) console.log(`after ${kinds.join(" and ")} not all was well within ${recoverMsMax} ms:`, waitsFor);
    };
    publishing.allow(0.01);
    await recovered([]);

    const rounds = schedule(random);
    const faults = await inflict(deployment, history, random, rounds, (round) => publishing.allow((round + 1) / rounds.length), recovered);
    await until(async () => publishing.areAllGiven, settleMsMax);
    const exits = await publishing.end();

    // Of each registration one more, so that everybody has something to wait for.
    for (let registrationId = 1; registrationId <= registrations; ++registrationId) await publishProbe(registrationId);
    await readHistory(direct, history);
    const { end } = history;
    if (end === null) throw new Error("the history is empty");
    const lastFor = ({ registrationId }: Client): EventId => (registrationId === null ? end : (history.lastUpTo(end, registrationId) ?? end));
    await until(async () => {
      await watch.look();
      return watch.missing(lastFor).length === 0;
    }, settleMsMax);
    const endMs = Date.now();
    await browser.tellViews();
    await following.stop("SIGTERM");
    await watch.look();

    const views = await viewsOf(history);
    const verdict = judge({
      history,
      publishes: [...publishes.values()],
      clients,
      observations: watch.observations,
      views: { fingerprintAt: (id) => views.get(textOf(id)) },
      mayBeAhead: true,
    });
    const all = [...publishes.values()];
    const outcome = {
      seed,
      durationMs: endMs - beganMs,
      faults,
      costs: costs(faults, history, all, verdict.judges, endMs),
      verdict,
      publishes: all,
      cuts: proxies.reduce((sum, { cuts }) => sum + cuts, 0),
      halfOpen: proxies.reduce((sum, { swallowed }) => sum + swallowed, 0),
      epochs: new Set(history.entries.map(({ id }) => id.epoch)).size,
    };
    const text = report(outcome);
    console.log(text);

    await writeFile(join(folder, "report.md"), text);
    await writeFile(join(folder, "faults.json"), JSON.stringify(faults, null, 1));
    await writeFile(join(folder, "violations.txt"), verdict.violations.join("\n"));
    await writeFile(join(folder, "history.txt"), history.entries.map(({ text: json }) => `${json}\n`).join(""));
    expect(verdict.violations.slice(0, 20), `seed ${seed}; everything that was seen is in ${folder}`).toEqual([]);
    expect(exits).toEqual([0, 0, 0, 0, 0]);
  },
);
