import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { Redis } from "ioredis";
import { createPublisher } from "regstream/publisher";

import { Gateway } from "../processes/gateway.ts";
import { WatchedRedis } from "../processes/redis_sentinel.ts";
import type { EventId } from "./event_id.ts";
import { historyOf, lostAcknowledged } from "./failover_history.ts";
import { type EndKind, endPrimary } from "./failover_nemesis.ts";
import { NativeClients } from "./native_clients.ts";
import { judge, type Verdict } from "./oracle.ts";
import { Probe } from "./probe.ts";
import { cppPublisher, nodePublisher, Publishers } from "./publishers.ts";
import type { Publish } from "./publishes.ts";
import { Random } from "./random.ts";
import { viewsOf } from "./views.ts";
import { until, Watch } from "./watch.ts";
import { type Cost, costs, type Trouble } from "./whole_again.ts";
import { workload } from "./workload.ts";
import { WriteLogs } from "./write_logs.ts";

export interface FailoverPlan {
  readonly seed: number;
  readonly waitReplicas: number;
  readonly kinds: readonly EndKind[];
  /** The folder for everything that was observed. */
  readonly folder: string;
}

/** A primary's end, and what it cost. */
export interface Failover extends Trouble {
  readonly kind: EndKind;
  readonly cost: Cost;
  /** Clients that got a reset. */
  readonly streamsReset: number;
  /** Updates that were acknowledged but not taken over by the next primary. */
  readonly lostAcknowledged: number;
}

export interface FailoverOutcome {
  readonly plan: FailoverPlan;
  readonly beganMs: number;
  readonly durationMs: number;
  readonly failovers: readonly Failover[];
  readonly verdict: Verdict;
  readonly publishes: readonly Publish[];
  readonly clients: number;
  /** From one recovery to the next: new histories, and switches that a sentinel announced. */
  readonly changes: readonly { readonly epochs: number; readonly switches: number }[];
  readonly exits: readonly (number | null)[];
}

const clientCount = 60;
const registrations = 20;
const perSecond = 50;
/** More than there is time for. */
const updates = 20_000;
const shares = { cpp: 50, ioredis: 40, http: 10 };
const lateMsMax = 20_000;
/** Bounds a hang. */
const recoverMsMax = 30_000;

/** One in three follows everything. */
function registrationOf(index: number): number | null {
  return index % 3 === 1 ? null : 1 + (index % registrations);
}

/**
 * Runs clients and publishers over a primary with two replicas and three sentinels. The primary is replaced once for
 * each of the plan's kinds.
 */
export async function runFailovers(plan: FailoverPlan): Promise<FailoverOutcome> {
  const stops: (() => unknown)[] = [];
  try {
    return await run(plan, stops);
  } finally {
    for (const stop of stops.reverse()) await stop();
  }
}

/** `stops` collects what has to be ended, in the order in which it was started. */
async function run(plan: FailoverPlan, stops: (() => unknown)[]): Promise<FailoverOutcome> {
  const { seed, waitReplicas, kinds, folder } = plan;
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const beganMs = Date.now();
  const random = new Random(seed);
  const redis = await WatchedRedis.start({ isLogged: true, isHasty: true });
  stops.push(() => redis.stop());
  const writes = new WriteLogs(redis.servers);
  stops.push(() => writes.stop());
  const environment: NodeJS.ProcessEnv = { ...redis.environment, REDIS_WAIT_REPLICAS: String(waitReplicas) };
  const more = ["--ping-interval-ms", "1000", "--history-length", "1000000"];
  const start = async (): Promise<Gateway> => {
    const gateway = await Gateway.start({ hasDemo: false, environment, more });
    stops.push(() => gateway.stop("SIGKILL"));
    return gateway;
  };
  const [first, second] = await Promise.all([start(), start()]);
  const observationsPath = join(folder, "observations.txt");
  const addresses = { first: `127.0.0.1:${first.port}`, second: `127.0.0.1:${second.port}` };
  const following = await NativeClients.start(
    addresses,
    lateMsMax,
    random,
    clientCount,
    registrationOf,
    observationsPath,
  );
  stops.push(() => following.end());
  const { clients } = following;
  const watch = new Watch(observationsPath, clients, null);
  const publishing = new Publishers(
    new Map([
      ["cpp", cppPublisher([], environment)],
      ["ioredis", nodePublisher("sentinels", [], environment)],
      ["http", nodePublisher("http", [addresses.first])],
    ]),
    workload(random, updates, registrations, shares),
    perSecond,
  );
  stops.push(() => publishing.stop());
  const { publishes } = publishing;

  const sentinels =
    environment.REDIS_SENTINELS?.split(",").map((place) => ({
      host: "127.0.0.1",
      port: Number(place.split(":")[1]),
    })) ?? [];
  const probeClient = new Redis({
    ...{ sentinels, name: environment.REDIS_MASTER_NAME ?? "", password: environment.REDIS_PASSWORD ?? "" },
    ...{ retryStrategy: () => 50, sentinelRetryStrategy: () => 50, socketTimeout: 5_000 },
  });
  probeClient.on("error", () => undefined);
  const prober = createPublisher(probeClient, {
    historyLength: 1_000_000,
    waitReplicas,
    onTrouble: () => undefined,
    onRecovery: () => undefined,
  });
  stops.push(
    () => prober.close(),
    () => probeClient.disconnect(),
  );
  const probe = new Probe(prober, publishing, watch, updates);
  /** Also waits until the old primary is a replica. */
  const recovered = async (what: string): Promise<EventId> => {
    await redis.untilInStep();
    return probe.untilWhole(what);
  };

  publishing.allow(1);
  let { epoch: calmEpoch } = await recovered("at the start");
  let calmSwitches = redis.switches;
  const faults: (Trouble & { kind: EndKind; epochAfter: number; switches: number })[] = [];
  const losses: { fromMs: number; toMs: number }[] = [];
  for (const kind of kinds) {
    const fromMs = Date.now();
    await endPrimary(redis, kind);
    const untilMs = Date.now();
    const { epoch } = await recovered(kind);
    faults.push({ kind, fromMs, untilMs, epochAfter: epoch, switches: redis.switches });
    losses.push({ fromMs, toMs: Date.now() });
  }
  const exits = await publishing.end();

  // One more update for each registration, so that every client has something to wait for.
  const lastOf = new Map<number | null, EventId>();
  for (let registrationId = 1; registrationId <= registrations; ++registrationId) {
    const id = await probe.publish(registrationId);
    lastOf.set(registrationId, id).set(null, id);
  }
  await until(async () => {
    await watch.look();
    return watch.missing(({ registrationId }) => lastOf.get(registrationId) ?? { epoch: 0, sequence: 0 }).length === 0;
  }, recoverMsMax);
  const endMs = Date.now();
  await following.end();
  await watch.look();

  const { history, violations } = historyOf(writes.appends());
  history.losses.push(...losses);
  const all = [...publishes.values()].filter(({ calledMs }) => calledMs !== null);
  const judged = judge({
    history,
    publishes: all,
    clients,
    observations: watch.observations,
    views: await viewsOf(history),
  });
  const verdict = { ...judged, violations: [...violations, ...judged.violations] };
  const costsOf = costs(faults, history, all, verdict.judges, endMs);

  const changes = faults.map(({ epochAfter, switches }) => {
    const change = {
      epochs: history.begun.filter((epoch) => epoch > calmEpoch && epoch <= epochAfter).length,
      switches: switches - calmSwitches,
    };
    [calmEpoch, calmSwitches] = [epochAfter, switches];
    return change;
  });
  const lastEpochOf = new Map(history.entries.map(({ serial: own, id }) => [own, id.epoch]));
  const lostWith = lostAcknowledged(history, all).map((publish) => {
    const epoch = lastEpochOf.get(publish.serial) ?? 0;
    return faults.findIndex(({ epochAfter }) => epochAfter > epoch);
  });
  const failovers = faults.map(({ kind, fromMs, untilMs }, index): Failover => {
    const nextMs = faults[index + 1]?.fromMs ?? endMs;
    const reset = watch.observations.filter(
      (each) => each.kind === "reset" && each.atMs >= fromMs && each.atMs < nextMs,
    );
    return {
      ...{ kind, fromMs, untilMs },
      cost: costsOf[index] ?? { lastedMs: 0, streamsLost: 0, openAgainMs: [], wholeAgainMs: [], acknowledgedMs: 0 },
      streamsReset: new Set(reset.map(({ client }) => client)).size,
      lostAcknowledged: lostWith.filter((fault) => fault === index).length,
    };
  });

  const logs = {
    ...publishing.logs,
    first_gateway: first.log,
    second_gateway: second.log,
    stream_clients: following.log,
  };
  for (const [name, log] of Object.entries(logs)) await writeFile(join(folder, `${name}.log`), log);
  for (const server of redis.servers) await writeFile(join(folder, `redis-${server.port}.log`), server.log);
  await writeFile(join(folder, "history.txt"), history.entries.map(({ text }) => `${text}\n`).join(""));
  await writeFile(join(folder, "violations.txt"), verdict.violations.join("\n"));
  await writeFile(join(folder, "faults.json"), JSON.stringify(faults, null, 1));
  return {
    ...{ plan, failovers, verdict, publishes: all, clients: clients.length, exits, changes },
    ...{ beganMs, durationMs: endMs - beganMs },
  };
}
