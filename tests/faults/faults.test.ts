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
import { compare, type EventId, textOf } from "./event_id.ts";
import { History, numbered, readHistory } from "./history.ts";
import { type FaultKind, inflict, schedule } from "./nemesis.ts";
import { type Observation, parseObservation } from "./observations.ts";
import { judge } from "./oracle.ts";
import { type Publish, takePublisherLine } from "./publishes.ts";
import { Random } from "./random.ts";
import { report } from "./report.ts";
import { costs } from "./whole_again.ts";
import { lineOf, publishOf, type PublisherName, type Step, workload } from "./workload.ts";

/** REGSTREAM_FAULTS_SEED chooses another run. */
const seed = Number(process.env.REGSTREAM_FAULTS_SEED ?? 1);

const updates = 10_000;
const registrations = 100;
const nativeClients = 300;
/** What the faults take, roughly; publishing is spread over it. */
const spanMs = 90_000;
/** Bounds a hang: after this, who still misses something has lost it. */
const settleMsMax = 60_000;
const recoverMsMax = 25_000;

const root = fileURLToPath(new URL("../..", import.meta.url));
const folder = join(root, "build", "faults");
const built = (name: string): string => join(dirname(program), name);
const viteNode = join(root, "node_modules", "vite-node", "vite-node.mjs");

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

  get areAllGreeted(): boolean {
    return this.clients.every(({ name }) => this.stateOf.get(name) === "greeted");
  }

  /** Who has not had everything up to the update that is its last one. */
  missing(lastFor: (client: Client) => EventId): Client[] {
    return this.clients.filter((client) => {
      const last = this.lastOf.get(client.name);
      return last === undefined || compare(last, lastFor(client)) < 0;
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

function startPublishers(steps: readonly Step[], deployment: Deployment): Map<PublisherName, Child> {
  const input = (name: PublisherName): string => steps.filter(({ publisher }) => publisher === name).map(lineOf).join("");
  const node = (name: PublisherName, address: string): Child =>
    new Child(process.execPath, [viteNode, fileURLToPath(new URL("node_publisher.ts", import.meta.url)), name, address], {}, input(name));
  const { publishersLink, nginx } = deployment;
  return new Map([
    ["cpp", new Child(built("update_publisher"), [publishersLink.address], {}, input("cpp"))],
    ["ioredis", node("ioredis", publishersLink.address)],
    ["node-redis", node("node-redis", publishersLink.address)],
    ["http", node("http", `127.0.0.1:${nginx.bufferingPort}`)],
    ["bare", node("bare", publishersLink.address)],
  ]);
}

/** Fingerprints of every registration's view after each of the history's updates. */
async function viewsOf(history: History): Promise<ReadonlyMap<string, string>> {
  const child = new Child(built("fold_history"), [], {}, history.entries.map(({ text }) => `${text}\n`).join(""));
  if ((await child.exited) !== 0) throw new Error(child.log);
  return new Map(child.log.trimEnd().split("\n").map((line) => line.split(" ") as [string, string]));
}

let deployment: Deployment | undefined;
let pages: ChromiumClients | undefined;
afterEach(async () => {
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
      const entry = entries[index % entries.length] ?? "first";
      const registrationId = registrationOf(index);
      const client = { name: `${entry}-${index}`, registrationId, isPage: false };
      const query = registrationId === null ? "" : `?registrationId=${registrationId}`;
      clients.push(client);
      clientLines += `${client.name} ${random.from(1, 2 ** 31)} ${registrationId ?? 0} http://${clientLinks[entry].address}/api/registrations/updates/stream${query}\n`;
    }
    const observationsPath = join(folder, "observations.txt");
    const native = new Child(built("stream_clients"), [observationsPath], {}, clientLines);
    await native.untilOutput(/clients/);
    pages = await ChromiumClients.start(pageLinks.map(({ address }) => address), registrationOf);
    clients.push(...pages.clients);
    const watch = new Watch(observationsPath, pages, clients);
    const areAllGreeted = async (): Promise<boolean> => {
      await watch.look();
      return watch.areAllGreeted;
    };
    expect(await until(areAllGreeted, settleMsMax)).toBe(true);

    // The publishers take a moment to start.
    const steps = workload(random, updates, registrations, Date.now() + 1_500, spanMs);
    const publishes = new Map<number, Publish>(steps.map((step) => [step.serial, publishOf(step)]));
    const publishers = startPublishers(steps, deployment);

    const { gateways, proxies } = deployment;
    const recovered = async (kinds: readonly FaultKind[]): Promise<void> => {
      const fromMs = Date.now();
      const isQuiet = async (): Promise<boolean> => (await areAllGreeted()) && proxies.every(({ halfOpen }) => halfOpen === 0) && Date.now() - fromMs > 1_000;
      if (!(await until(isQuiet, recoverMsMax))) console.log(`after ${kinds.join(" and ")} not everybody was back within ${recoverMsMax} ms`);
    };
    await recovered([]);
    const faults = await inflict(deployment, history, random, schedule(random), recovered);
    const exits = await Promise.all([...publishers].map(async ([name, child]) => [name, await child.exited]));

    // Of each registration one more, so that everybody has something to wait for.
    const sentinels = createPublisher(direct, { historyLength: 1_000_000 });
    for (let registrationId = 1; registrationId <= registrations; ++registrationId) {
      const publish = publishOf({ publisher: "sentinel", serial: updates + registrationId, registrationId });
      publishes.set(publish.serial, publish);
      publish.calledMs = Date.now();
      const { id } = await sentinels.publish({ registrationId, status: "COMPLETED", message: numbered(publish.serial, "the last one") });
      takePublisherLine(`told ${publish.serial} ${Date.now()} ${id}`, publishes);
    }
    history.add(await readHistory(direct));
    const { end } = history;
    if (end === null) throw new Error("the history is empty");
    const lastFor = ({ registrationId }: Client): EventId => (registrationId === null ? end : (history.lastUpTo(end, registrationId) ?? end));
    await until(async () => {
      await watch.look();
      return watch.missing(lastFor).length === 0;
    }, settleMsMax);
    const endMs = Date.now();
    await pages.tellViews();
    await native.stop("SIGTERM");
    await watch.look();

    for (const [name, child] of publishers) {
      await writeFile(join(folder, `publisher_${name}.txt`), child.log);
      for (const line of child.log.split("\n")) if (/^(called|told|failed|gave-up) /.test(line)) takePublisherLine(line, publishes);
    }
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
    for (const [name, log] of Object.entries({ ...deployment.logs, stream_clients: native.log })) await writeFile(join(folder, `${name}.log`), log);
    expect(verdict.violations.slice(0, 20), `seed ${seed}; everything that was seen is in ${folder}`).toEqual([]);
    expect(exits.filter(([, code]) => code !== 0)).toEqual([]);
    expect(gateways).toHaveLength(2);
  },
);
