import { join } from "node:path";

import { reservedPort } from "./child.ts";
import { historyKey, RedisServer } from "./redis.ts";
import { temporaryFolder } from "./temporary_folder.ts";

const slots = 16384;

interface Node {
  readonly server: RedisServer;
  readonly busPort: number;
  readonly id: string;
}

/** A Redis Cluster of three primaries, and a replica of the one with the history. */
export class RedisCluster {
  private constructor(private readonly nodes: readonly Node[]) {}

  static async start(): Promise<RedisCluster> {
    const nodes = await Promise.all(Array.from({ length: 4 }, startNode));
    const cluster = new RedisCluster(nodes);
    const [first, second, third, replica] = nodes as [Node, Node, Node, Node];
    const primaries = [first, second, third];
    const share = Math.ceil(slots / primaries.length);
    for (const [index, node] of primaries.entries()) {
      await call(node, "CLUSTER", "SET-CONFIG-EPOCH", index + 1);
      await call(node, "CLUSTER", "ADDSLOTSRANGE", index * share, Math.min((index + 1) * share, slots) - 1);
    }
    for (const { server, busPort } of nodes.slice(1))
      await call(first, "CLUSTER", "MEET", "127.0.0.1", server.port, busPort);
    for (const node of nodes) await untilKnown(node, nodes);
    const owner = await cluster.owner();
    const { id } = nodes.find(({ server }) => server === owner) ?? first;
    await call(replica, "CLUSTER", "REPLICATE", id);
    for (const node of primaries) await untilInfo(node, /cluster_state:ok/);
    await cluster.untilInStep();
    return cluster;
  }

  /** The variables by which a program finds the cluster. */
  get environment(): NodeJS.ProcessEnv {
    return { REDIS_CLUSTER_NODES: this.nodes.map(({ server }) => server.address).join(",") };
  }

  get servers(): readonly RedisServer[] {
    return this.nodes.map(({ server }) => server);
  }

  /** The primary that has the history, by the majority of the nodes. */
  async owner(): Promise<RedisServer> {
    const votes = new Map<number, number>();
    for (const node of this.nodes) {
      const ranges = (await call(node, "CLUSTER", "SLOTS").catch(() => [])) as [number, number, [string, number]][];
      const slot = await this.slot();
      const port = ranges.find(([first, last]) => first <= slot && slot <= last)?.[2][1];
      if (port !== undefined) votes.set(port, (votes.get(port) ?? 0) + 1);
    }
    const [most] = [...votes].sort(([, left], [, right]) => right - left);
    const found = this.nodes.find(({ server }) => server.port === most?.[0]);
    if (found === undefined) throw new Error("nobody owns the slot");
    return found.server;
  }

  /** Waits until another node than `before` has the history. */
  async untilOwnerIsNot(before: RedisServer): Promise<RedisServer> {
    for (;;) {
      const owner = await this.owner();
      if (owner !== before) return owner;
    }
  }

  /** Makes a planned failover. */
  async handOver(): Promise<void> {
    await call(await this.replica(), "CLUSTER", "FAILOVER");
  }

  /** Waits until the owner's replica is in sync. */
  async untilInStep(): Promise<void> {
    const owner = (await this.owner()).connect();
    for (;;) {
      await owner.call("SET", `${historyKey}:test`, "written last");
      if ((await owner.wait(1, 500)) === 1) break;
    }
    await owner.call("DEL", `${historyKey}:test`);
    owner.disconnect();
  }

  /** Moves the history's slot to another primary, key by key. */
  async moveSlot(): Promise<RedisServer> {
    const slot = await this.slot();
    const owner = await this.owner();
    const from = this.nodes.find(({ server }) => server === owner);
    const [to] = await this.otherPrimaries(owner);
    if (from === undefined || to === undefined) throw new Error("no other primary");
    await call(to, "CLUSTER", "SETSLOT", slot, "IMPORTING", from.id);
    await call(from, "CLUSTER", "SETSLOT", slot, "MIGRATING", to.id);
    for (;;) {
      const keys = (await call(from, "CLUSTER", "GETKEYSINSLOT", slot, 1)) as string[];
      if (keys.length === 0) break;
      await call(from, "MIGRATE", "127.0.0.1", to.server.port, "", 0, 5000, "KEYS", ...keys);
    }
    for (const node of [to, from]) await call(node, "CLUSTER", "SETSLOT", slot, "NODE", to.id);
    return to.server;
  }

  async stop(): Promise<void> {
    await Promise.all(this.nodes.map(({ server }) => server.stop()));
  }

  private slot(): Promise<number> {
    return call(this.nodes[1] as Node, "CLUSTER", "KEYSLOT", historyKey) as Promise<number>;
  }

  private async otherPrimaries(owner: RedisServer): Promise<Node[]> {
    const others: Node[] = [];
    for (const node of this.nodes) {
      const [role] = (await call(node, "ROLE")) as [string];
      if (role === "master" && node.server !== owner) others.push(node);
    }
    return others;
  }

  private async replica(): Promise<Node> {
    for (const node of this.nodes) {
      const [role] = (await call(node, "ROLE")) as [string];
      if (role === "slave") return node;
    }
    throw new Error("no replica");
  }
}

async function startNode(): Promise<Node> {
  const busPort = await reservedPort();
  const cluster = [
    "--cluster-enabled",
    "yes",
    "--cluster-config-file",
    join(temporaryFolder(), "nodes.conf"),
    "--cluster-port",
    String(busPort),
  ];
  const soon = ["--cluster-node-timeout", "1000", "--repl-diskless-sync-delay", "0", "--repl-ping-replica-period", "1"];
  const server = await RedisServer.start({
    port: await reservedPort(),
    more: [...cluster, ...soon, "--cluster-require-full-coverage", "no"],
  });
  const id = (await call({ server, busPort, id: "" }, "CLUSTER", "MYID")) as string;
  return { server, busPort, id };
}

async function call({ server }: Node, command: string, ...words: readonly (string | number)[]): Promise<unknown> {
  // A suspended node does not answer.
  const client = server.connect({ maxRetriesPerRequest: 0, commandTimeout: 1000 });
  try {
    return await client.call(command, ...words.map(String));
  } finally {
    client.disconnect();
  }
}

async function untilInfo(node: Node, pattern: RegExp): Promise<void> {
  while (!pattern.test((await call(node, "CLUSTER", "INFO")) as string));
}

/** Waits until the node knows all others, each by its id. */
async function untilKnown(node: Node, all: readonly Node[]): Promise<void> {
  for (;;) {
    const known = (await call(node, "CLUSTER", "NODES")) as string;
    if (all.every(({ id }) => known.includes(id)) && !known.includes("handshake")) return;
  }
}
