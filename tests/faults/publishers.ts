import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { Child } from "../processes/child.ts";
import { program } from "../processes/gateway.ts";
import type { Deployment } from "./deployment.ts";
import { type Publish, applyPublisherLine } from "./publishes.ts";
import { lineOf, publishOf, type PublisherName, type Step } from "./workload.ts";

const viteNode = fileURLToPath(new URL("../../node_modules/vite-node/vite-node.mjs", import.meta.url));
const nodeProgram = fileURLToPath(new URL("node_publisher.ts", import.meta.url));

/** Publishes with the C++ library: to an address, or as the environment says. */
export function cppPublisher(address: readonly string[], environment: NodeJS.ProcessEnv = {}): Child {
  return new Child(join(dirname(program), "update_publisher"), address, environment, null);
}

/** Publishes from Node, in one of the ways of node_publisher.ts. */
export function nodePublisher(how: string, address: readonly string[], environment: NodeJS.ProcessEnv = {}): Child {
  return new Child(process.execPath, [viteNode, nodeProgram, how, ...address], environment, null);
}

/** A deployment's publishers: one in C++, and four in Node. */
export function publishersOf({ publishersLink, nginx }: Deployment): ReadonlyMap<PublisherName, Child> {
  const { address } = publishersLink;
  return new Map([
    ["cpp", cppPublisher([address])],
    ["ioredis", nodePublisher("ioredis", [address])],
    ["node-redis", nodePublisher("node-redis", [address])],
    ["http", nodePublisher("http", [`127.0.0.1:${nginx.bufferingPort}`])],
    ["plain", nodePublisher("plain", [address])],
  ]);
}

/** The processes that publish. */
export class Publishers {
  /** All updates of the run, by serial. */
  readonly publishes: Map<number, Publish>;
  private readonly takenOf = new Map<PublisherName, number>();
  private given = 0;
  private quota = 0;
  private readonly timer: NodeJS.Timeout;

  constructor(
    private readonly children: ReadonlyMap<PublisherName, Child>,
    private readonly steps: readonly Step[],
    /** How many updates a second are published, while there are some. */
    perSecond: number,
  ) {
    this.publishes = new Map(steps.map((step) => [step.serial, publishOf(step)]));
    const everyMs = 20;
    this.timer = setInterval(() => this.give(Math.round((perSecond * everyMs) / 1_000)), everyMs);
  }

  /** Sets the share of all updates that may be published so far. */
  allow(share: number): void {
    this.quota = Math.ceil(this.steps.length * share);
  }

  /** Reads what the publishers have written since the last call. */
  look(): void {
    for (const [name, { log }] of this.children) {
      const from = this.takenOf.get(name) ?? 0;
      const to = log.lastIndexOf("\n") + 1;
      for (const line of log.slice(from, to).split("\n")) {
        if (/^(called|acknowledged|failed|gave-up) \d/.test(line)) applyPublisherLine(line, this.publishes);
      }
      this.takenOf.set(name, to);
    }
  }

  /** The updates published before a time that have no answer yet. */
  unanswered(beforeMs: number): Publish[] {
    return [...this.publishes.values()].filter(
      ({ calledMs, answeredMs }) => calledMs !== null && calledMs < beforeMs && answeredMs === null,
    );
  }

  get areAllGiven(): boolean {
    return this.given === this.steps.length;
  }

  /** Ends the publishers once everything is published. Returns their exit codes. */
  async end(): Promise<(number | null)[]> {
    clearInterval(this.timer);
    for (const child of this.children.values()) child.write("end\n");
    const codes = await Promise.all([...this.children.values()].map(({ exited }) => exited));
    this.look();
    return codes;
  }

  get logs(): Record<string, string> {
    return Object.fromEntries([...this.children].map(([name, { log }]) => [`publisher_${name}`, log]));
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    await Promise.all([...this.children.values()].map((child) => child.stop("SIGKILL")));
  }

  private give(most: number): void {
    const steps = this.steps.slice(this.given, Math.min(this.given + most, this.quota));
    this.given += steps.length;
    for (const step of steps) this.children.get(step.publisher)?.write(lineOf(step));
  }
}
