import type { Cut } from "../processes/fault_proxy.ts";
import type { Deployment, SupervisedGateway } from "./deployment.ts";
import { emptyRedis, type History, loseRedis } from "./history.ts";
import { Random } from "./random.ts";
import type { Trouble } from "./whole_again.ts";

/** A fault that was inflicted. */
export interface Fault extends Trouble {
  readonly kinds: readonly FaultKind[];
}

interface Way {
  /** Its name in the report. */
  readonly name: string;
  /** What it needs exclusively: two faults that need the same are not inflicted at once. */
  readonly needs: readonly ("gateways" | "redis" | "nginx" | "client links" | "redis links")[];
  /** Resolves when everything that it broke can work again. */
  inflict(deployment: Deployment, history: History, random: Random): Promise<void>;
}

/** A fault's duration is a part of the fault; nothing is awaited here. */
const last = (durationMs: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, durationMs));

const oneOf = ({ gateways }: Deployment, random: Random): SupervisedGateway => random.one(gateways);
const linksOf = ({ clientLinks, pageLinks }: Deployment) => [...Object.values(clientLinks), ...pageLinks];

/** Within a request, a connected event, an update, or many. */
const cutter = (random: Random) => (): Cut => ({
  afterBytes: random.from(0, random.one([100, 1_000, 10_000])),
  isAbrupt: random.next() < 0.5,
});

export const ways = {
  gatewayKilled: {
    name: "a gateway killed (SIGKILL), started again",
    needs: ["gateways"],
    async inflict(deployment, _history, random) {
      const gateway = oneOf(deployment, random);
      await gateway.stop("SIGKILL");
      await last(random.from(200, 1_500));
      await gateway.startAgain();
    },
  },
  gatewaysKilled: {
    name: "both gateways killed at once, started again",
    needs: ["gateways"],
    async inflict({ gateways }, _history, random) {
      await Promise.all(gateways.map((gateway) => gateway.stop("SIGKILL")));
      await last(random.from(200, 1_000));
      await Promise.all(gateways.map((gateway) => gateway.startAgain()));
    },
  },
  gatewaysDeployed: {
    name: "gateways deployed anew, one after the other (SIGTERM)",
    needs: ["gateways"],
    async inflict({ gateways }) {
      for (const gateway of gateways) {
        await gateway.stop("SIGTERM");
        await gateway.startAgain();
      }
    },
  },
  gatewayPaused: {
    name: "a gateway paused (SIGSTOP)",
    needs: ["gateways"],
    async inflict(deployment, _history, random) {
      const gateway = oneOf(deployment, random);
      gateway.pause();
      await last(random.from(1_000, 4_000));
      gateway.resume();
    },
  },
  redisKilled: {
    name: "Redis killed (SIGKILL), started again with its data",
    needs: ["redis"],
    async inflict({ redis }, _history, random) {
      await redis.kill();
      await last(random.from(100, 1_500));
      await redis.restart();
    },
  },
  redisPaused: {
    name: "Redis paused (SIGSTOP)",
    needs: ["redis"],
    async inflict({ redis }, _history, random) {
      redis.pause();
      await last(random.from(500, 3_000));
      redis.resume();
    },
  },
  redisEmptied: {
    name: "Redis emptied (FLUSHALL)",
    needs: ["redis"],
    async inflict({ direct }, history) {
      await emptyRedis(direct, history);
    },
  },
  redisReplaced: {
    name: "Redis killed, started again empty",
    needs: ["redis"],
    async inflict({ redis, direct }, history, random) {
      await loseRedis(direct, history, () => redis.kill());
      await last(random.from(0, 1_000));
      await redis.restartEmpty();
    },
  },
  clientsCut: {
    name: "clients' connections cut at any byte, for a while",
    needs: ["client links"],
    async inflict(deployment, _history, random) {
      const nextCut = cutter(random);
      for (const link of linksOf(deployment)) link.cut(nextCut);
      await last(random.from(1_000, 3_000));
      for (const link of linksOf(deployment)) link.heal();
    },
  },
  clientsStalled: {
    name: "clients' connections standing still",
    needs: ["client links"],
    async inflict(deployment, _history, random) {
      for (const link of linksOf(deployment)) link.stall();
      await last(random.from(500, 4_000));
      for (const link of linksOf(deployment)) link.heal();
    },
  },
  clientsHalfOpen: {
    name: "clients' connections half-open: swallowed without a word",
    needs: ["client links"],
    async inflict({ clientLinks }, _history, random) {
      for (const link of Object.values(clientLinks)) link.swallow();
      await last(random.from(500, 2_000));
      for (const link of Object.values(clientLinks)) link.heal();
    },
  },
  upstreamsSwitched: {
    name: "nginx reloaded, to another gateway and then to both",
    needs: ["nginx"],
    async inflict({ nginx, gateways }, _history, random) {
      const ports = gateways.map(({ port }) => port);
      await nginx.switchTo([random.one(ports)]);
      await nginx.switchTo(ports);
    },
  },
  redisLinksCut: {
    name: "connections to Redis cut at any byte, for a while",
    needs: ["redis links"],
    async inflict({ redisLinks }, _history, random) {
      const nextCut = cutter(random);
      for (const link of redisLinks) link.cut(nextCut);
      await last(random.from(500, 2_000));
      for (const link of redisLinks) link.heal();
    },
  },
  publishersHalfOpen: {
    name: "publishers' connections to Redis half-open",
    needs: ["redis links"],
    async inflict({ publishersLink }, _history, random) {
      publishersLink.swallow();
      await last(random.from(500, 2_000));
      publishersLink.heal();
    },
  },
  scriptsForgotten: {
    name: "Redis made to forget its scripts, again and again",
    needs: ["redis"],
    async inflict({ direct }, _history, random) {
      for (let times = 0; times < 5; ++times) {
        await direct.script("FLUSH");
        await last(random.from(0, 100));
      }
    },
  },
  gatewayBehind: {
    name: "a gateway's connections to Redis standing still, the other one killed",
    needs: ["redis links", "gateways"],
    async inflict({ gateways }, _history, random) {
      const [late, killed] = random.shuffled(gateways);
      late?.redisLink.stall();
      await last(random.from(500, 1_000));
      await killed?.stop("SIGKILL");
      // Its clients come to a gateway that knows less than they do.
      await last(random.from(1_500, 3_000));
      late?.redisLink.heal();
      await killed?.startAgain();
    },
  },
  redisLinkHalfOpen: {
    name: "a gateway's connections to Redis half-open",
    needs: ["redis links", "gateways"],
    async inflict({ gateways }, _history, random) {
      const { redisLink } = random.one(gateways);
      redisLink.swallow();
      await last(random.from(500, 2_000));
      redisLink.heal();
    },
  },
} as const satisfies Readonly<Record<string, Way>>;

export type FaultKind = keyof typeof ways;

/** More at once would leave little that can still fail by itself. */
const togetherMax = 3;

function needsOf(kinds: readonly FaultKind[]): readonly string[] {
  return kinds.flatMap((kind) => ways[kind].needs as readonly string[]);
}

/**
 * Schedules each kind of fault once alone, with time to recover, so that its cost can be measured; then each once more,
 * several at a time. The seed decides on the order, the combinations, and the details of each fault.
 */
export function schedule(random: Random): (readonly FaultKind[])[] {
  const kinds = Object.keys(ways) as FaultKind[];
  const alone = random.shuffled(kinds).map((kind) => [kind]);
  const together: FaultKind[][] = [];
  for (const kind of random.shuffled(kinds)) {
    const fitting = together.find(
      (others) => others.length < togetherMax && !needsOf(others).some((need) => needsOf([kind]).includes(need)),
    );
    if (fitting === undefined) together.push([kind]);
    else fitting.push(kind);
  }
  return [...alone, ...together];
}

/**
 * Inflicts one fault after the other and returns what happened. `begin` is called before each; `recovered` resolves
 * when the next one may begin.
 */
export async function inflict(
  deployment: Deployment,
  history: History,
  random: Random,
  rounds: readonly (readonly FaultKind[])[],
  begin: (round: number) => void,
  recovered: (kinds: readonly FaultKind[]) => Promise<void>,
): Promise<Fault[]> {
  // Each fault has a generator of its own, so that its choices do not change those of the next one.
  const randoms = rounds.map((kinds) => kinds.map(() => new Random(random.from(0, 2 ** 31))));
  const faults: Fault[] = [];
  for (const [round, kinds] of rounds.entries()) {
    begin(round);
    const fromMs = Date.now();
    await Promise.all(
      kinds.map((kind, index) => ways[kind].inflict(deployment, history, randoms[round]?.[index] ?? random)),
    );
    faults.push({ kinds, fromMs, untilMs: Date.now() });
    await recovered(kinds);
  }
  return faults;
}
