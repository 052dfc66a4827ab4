import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";

import { Redis } from "ioredis";

import { Child, reservedPort } from "./child.ts";
import { redisProgram, RedisServer } from "./redis.ts";
import { temporaryFolder } from "./temporary_folder.ts";

const primaryName = "registrations";
const password = "of everybody";
const sentinelCount = 3;
const quorum = 2;

/**
 * The users by which servers and sentinels authenticate to each other. Without them a server is cut off from the
 * others, but still serves clients.
 */
const inner = ["replica", "sentinel"];

export interface WatchedRedisOptions {
  readonly replicas?: number;
  /**
   * Each server writes everything to append-only files before it answers: they survive a kill, though not a loss of
   * power.
   */
  readonly isLogged?: boolean;
  /**
   * An old primary that returns is made a replica after some 2 s. By default the sentinels watch it for more than 8 s.
   */
  readonly isHasty?: boolean;
}

const logged = ["--appendonly", "yes", "--appendfsync", "no", "--auto-aof-rewrite-percentage", "0"];

interface Sentinel {
  readonly port: number;
  readonly id: string;
  readonly child: Child;
}

/** A primary, its replicas, and three sentinels that watch them. */
export class WatchedRedis {
  private switchCount = 0;
  private readonly listener: Redis;

  private constructor(
    readonly servers: readonly RedisServer[],
    private readonly sentinels: readonly Sentinel[],
  ) {
    this.listener = this.ask(0);
    this.listener.on("message", () => (this.switchCount += 1));
    void this.listener.subscribe("+switch-master");
  }

  /** How often one of the sentinels has announced another primary. */
  get switches(): number {
    return this.switchCount;
  }

  static async start({
    replicas = 2,
    isLogged = false,
    isHasty = false,
  }: WatchedRedisOptions = {}): Promise<WatchedRedis> {
    const more = isLogged ? logged : [];
    const first = await startServer(more);
    const others = await Promise.all(Array.from({ length: replicas }, () => startServer(more, first)));
    const servers = [first, ...others];
    const places = await Promise.all(
      Array.from({ length: sentinelCount }, async () => ({
        port: await reservedPort(),
        id: randomBytes(20).toString("hex"),
      })),
    );
    const sentinels = places.map((place) => ({ ...place, child: spawnSentinel(place, places, servers) }));
    const redis = new WatchedRedis(servers, sentinels);
    await Promise.all(sentinels.map(({ child }) => child.untilOutput(/\+monitor master/)));
    if (isHasty) await redis.hasten();
    await redis.untilInStep();
    return redis;
  }

  /** The variables by which a program finds the primary. */
  get environment(): NodeJS.ProcessEnv {
    return {
      REDIS_SENTINELS: this.sentinels.map(({ port }) => `127.0.0.1:${port}`).join(","),
      REDIS_MASTER_NAME: primaryName,
      REDIS_PASSWORD: password,
    };
  }

  /** The current primary, as the sentinels say. */
  async primary(): Promise<RedisServer> {
    const client = this.ask(0);
    const [, port] = (await client.call("SENTINEL", "GET-MASTER-ADDR-BY-NAME", primaryName)) as [string, string];
    client.disconnect();
    return this.server(Number(port));
  }

  /** Runs `begin`, which ends the primary. Resolves with the new primary as soon as a sentinel announces it. */
  async failOver(begin: (primary: RedisServer) => unknown): Promise<RedisServer> {
    const before = await this.primary();
    const clients = this.sentinels.map((_, index) => this.ask(index));
    await Promise.all(clients.map((client) => client.subscribe("+switch-master")));
    const announced = new Promise<number>((resolve) => {
      for (const client of clients) {
        client.on("message", (_, text: string) => {
          // The text has the name, the old address and the new one. One of an earlier failover may be late.
          const [, , old, , port] = text.split(" ").map(Number);
          if (old === before.port && port !== undefined) resolve(port);
        });
      }
    });
    await begin(before);
    const port = await announced;
    for (const client of clients) client.disconnect();
    return this.server(port);
  }

  /** Makes a planned failover, once the sentinel has finished the one before. */
  async handOver(): Promise<void> {
    const client = this.ask(1);
    const begins = async (): Promise<boolean> => {
      try {
        return (await client.call("SENTINEL", "FAILOVER", primaryName)) === "OK";
      } catch (error) {
        // A failover is in progress, or no replica is suitable yet.
        if (!/^(INPROG|NOGOODSLAVE)/.test(String((error as Error).message))) throw error;
        return false;
      }
    };
    while (!(await begins())) await setTimeout(50);
    client.disconnect();
  }

  /** Cuts the server off from its replicas and the sentinels, but not from clients. */
  async cutOff(server: RedisServer): Promise<void> {
    const client = server.connect();
    for (const user of inner) await client.call("ACL", "SETUSER", user, "off");
    await client.call("CLIENT", "KILL", "TYPE", "replica");
    await client.call("CLIENT", "KILL", "USER", "sentinel");
    client.disconnect();
  }

  async reconnect(server: RedisServer): Promise<void> {
    const client = server.connect();
    for (const user of inner) await client.call("ACL", "SETUSER", user, "on");
    client.disconnect();
  }

  /** Waits until all other servers are replicas of the primary and in sync. */
  async untilInStep(): Promise<void> {
    const others = this.servers.length - 1;
    for (let reached = 0; reached < others; ) {
      const client = (await this.primary()).connect();
      await client.set("written last", "to wait for").catch(() => undefined);
      // The server may have become a replica meanwhile.
      reached = await client.wait(others, 500).catch(() => 0);
      client.disconnect();
    }
  }

  async stop(): Promise<void> {
    this.listener.disconnect();
    await Promise.all(this.sentinels.map(({ child }) => child.stop("SIGKILL")));
    await Promise.all(this.servers.map((server) => server.stop()));
  }

  private async hasten(): Promise<void> {
    for (const index of this.sentinels.keys()) {
      const client = this.ask(index);
      await client.call("SENTINEL", "DEBUG", "INFO-PERIOD", "1000", "PUBLISH-PERIOD", "500");
      client.disconnect();
    }
  }

  private ask(index: number): Redis {
    const client = new Redis({ host: "127.0.0.1", port: this.sentinels[index]?.port ?? 0 });
    client.on("error", () => undefined);
    return client;
  }

  private server(port: number): RedisServer {
    const found = this.servers.find((server) => server.port === port);
    if (found === undefined) throw new Error(`no server has the port ${port}`);
    return found;
  }
}

async function startServer(more: readonly string[], primary?: RedisServer): Promise<RedisServer> {
  const users = inner.flatMap((user) => ["--user", user, "on", `>${password}`, "~*", "&*", "+@all"]);
  const follow = primary === undefined ? [] : ["--replicaof", "127.0.0.1", String(primary.port)];
  const soon = ["--repl-diskless-sync-delay", "0", "--repl-ping-replica-period", "1"];
  return RedisServer.start({
    password,
    port: await reservedPort(),
    more: [...users, "--masteruser", "replica", "--masterauth", password, ...soon, ...more, ...follow],
  });
}

/** The sentinels know each other from the start; finding each other would take some seconds. */
function spawnSentinel(
  own: Omit<Sentinel, "child">,
  all: readonly Omit<Sentinel, "child">[],
  [first, ...replicas]: readonly RedisServer[],
): Child {
  const file = join(temporaryFolder(), "sentinel.conf");
  const lines = [
    `port ${own.port}`,
    "bind 127.0.0.1",
    `sentinel myid ${own.id}`,
    `sentinel monitor ${primaryName} 127.0.0.1 ${first?.port} ${quorum}`,
    `sentinel auth-user ${primaryName} sentinel`,
    `sentinel auth-pass ${primaryName} "${password}"`,
    `sentinel down-after-milliseconds ${primaryName} 1000`,
    `sentinel failover-timeout ${primaryName} 2000`,
    `sentinel parallel-syncs ${primaryName} ${replicas.length}`,
    ...replicas.map(({ port }) => `sentinel known-replica ${primaryName} 127.0.0.1 ${port}`),
    ...all
      .filter(({ id }) => id !== own.id)
      .map(({ port, id }) => `sentinel known-sentinel ${primaryName} 127.0.0.1 ${port} ${id}`),
  ];
  writeFileSync(file, `${lines.join("\n")}\n`);
  return new Child(redisProgram, [file, "--sentinel"]);
}
