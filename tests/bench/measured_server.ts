import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

import type { ChainableCommander, Redis } from "ioredis";

import { Child } from "../processes/child.ts";
import { program } from "../processes/gateway.ts";
import { historyKey, RedisServer } from "../processes/redis.ts";
import { loadHistoryScript, publishInHistory, run } from "./updates.ts";

/** A server that streams what is published in its Redis. */
export interface Contender {
  readonly name: string;
  command(redis: RedisServer): string[] | Promise<string[]>;
  /** Resolves with its port once it serves. By default the server prints it. */
  readonly untilServing?: (child: Child) => Promise<number>;
  /** Prepares its Redis before the first update. */
  prepare(client: Redis): Promise<void>;
  publish(pipeline: ChainableCommander, message: string, key: string): void;
}

/** `regstream serve` with its history; `of` names another build. */
export function gateway(name: string, options: readonly string[] = [], of = program): Contender {
  return {
    name,
    command: (redis) => [of, "serve", "--port", "0", "--redis", redis.address, ...options],
    prepare: loadHistoryScript,
    publish: publishInHistory,
  };
}

async function untilPrinted(child: Child): Promise<number> {
  const printed = await child.untilOutput(/serving on https?:\/\/127\.0\.0\.1:(\d+)/);
  return Number(printed[1]);
}

/** Reserves the first core for the server; everything else started here inherits the others. Returns the server's. */
export function shareCores(): string {
  const allowed = /^Cpus_allowed_list:\s+(.*)$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1] ?? "";
  const cores = allowed.split(",").flatMap((range) => {
    const [first = 0, last = first] = range.split("-").map(Number);
    return Array.from({ length: last - first + 1 }, (_, index) => String(first + index));
  });
  const [ofServer, ...others] = cores;
  if (ofServer === undefined || others.length === 0) {
    throw new Error("needs two cores: one for the server, one for Redis, the readers and the publisher");
  }
  execFileSync("taskset", ["--all-tasks", "--pid", "--cpu-list", others.join(","), String(process.pid)]);
  return ofServer;
}

/** A running server on its core, and a client of its own Redis. */
export class MeasuredServer {
  private published = 0;

  private constructor(
    private readonly contender: Contender,
    readonly redis: RedisServer,
    private readonly client: Redis,
    private readonly child: Child,
    readonly port: number,
  ) {}

  static async start(contender: Contender, core: string): Promise<MeasuredServer> {
    const redis = await RedisServer.start();
    const client = redis.connect();
    await contender.prepare(client);
    const child = new Child("taskset", ["--cpu-list", core, ...(await contender.command(redis))]);
    const port = await (contender.untilServing ?? untilPrinted)(child);
    return new MeasuredServer(contender, redis, client, child, port);
  }

  /** Publishes all at once. Returns when it began, by process.hrtime. */
  async publish(messages: readonly string[]): Promise<number> {
    const pipeline = this.client.pipeline();
    for (const message of messages) this.contender.publish(pipeline, message, `bench-${(this.published += 1)}`);
    const beganNs = Number(process.hrtime.bigint());
    await run(pipeline);
    return beganNs;
  }

  /** The id of the last update in its history, from which a stream may resume. */
  async lastId(): Promise<string> {
    const [last] = await this.client.xrevrange(historyKey, "+", "-", "COUNT", 1);
    if (last === undefined) throw new Error("there is no history");
    return last[0];
  }

  /** The processor time of all its threads so far. */
  cpuNs(): number {
    const threads = readdirSync(`/proc/${this.child.pid}/task`);
    const used = threads.map((thread) => readFileSync(`/proc/${this.child.pid}/task/${thread}/schedstat`, "utf8"));
    return used.reduce((sum, schedstat) => sum + Number(schedstat.split(" ")[0]), 0);
  }

  residentBytes(): number {
    const rollup = readFileSync(`/proc/${this.child.pid}/smaps_rollup`, "utf8");
    return Number(/^Rss:\s+(\d+) kB$/m.exec(rollup)?.[1]) * 1024;
  }

  /** Its peak memory. */
  peakBytes(): number {
    const status = readFileSync(`/proc/${this.child.pid}/status`, "utf8");
    return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
  }

  async stop(): Promise<void> {
    this.client.disconnect();
    await this.child.stop("SIGKILL");
    await this.redis.stop();
  }
}
