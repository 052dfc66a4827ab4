import type { Redis } from "ioredis";

import { ModuleServer } from "../browser/module_server.ts";
import { FaultProxy } from "../processes/fault_proxy.ts";
import { Gateway } from "../processes/gateway.ts";
import { NginxInFront } from "../processes/nginx.ts";
import { RedisServer } from "../processes/redis.ts";

/** A gateway that is restarted on the same port whenever it ends, as by a supervisor. */
export class SupervisedGateway {
  /** The logs of its earlier processes. */
  private readonly logs: string[] = [];

  private constructor(
    readonly name: string,
    /** Its connection to Redis. */
    readonly redisLink: FaultProxy,
    private gateway: Gateway,
  ) {}

  static async start(name: string, redisPort: number): Promise<SupervisedGateway> {
    const redisLink = await FaultProxy.start(redisPort);
    return new SupervisedGateway(name, redisLink, await startGateway(redisLink.address, 0));
  }

  get port(): number {
    return this.gateway.port;
  }

  get log(): string {
    return [...this.logs, this.gateway.log].join("\n--- started again\n");
  }

  /** Ends the process and waits for its end. */
  async stop(signal: NodeJS.Signals): Promise<void> {
    await this.gateway.stop(signal);
  }

  async startAgain(): Promise<void> {
    this.logs.push(this.gateway.log);
    for (;;) {
      try {
        this.gateway = await startGateway(this.redisLink.address, this.port);
        return;
      } catch (error) {
        // The gateway does not start without Redis. A supervisor waits a little before it retries.
        this.logs.push(String(error));
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }
  }

  pause(): void {
    this.gateway.pause();
  }

  resume(): void {
    this.gateway.resume();
  }
}

function startGateway(redis: string, port: number): Promise<Gateway> {
  return Gateway.start({
    hasDemo: false,
    redis,
    port,
    more: ["--ping-interval-ms", "1000", "--history-length", "1000000"],
  });
}

/** How clients reach the gateways. */
export type Entry = "buffering" | "unbuffered" | "first" | "second";

/**
 * Everything that runs:
 *
 *     native clients ─▶ proxy ─▶ nginx, buffering ──┐
 *     native clients ─▶ proxy ─▶ nginx, unbuffered ─┼─▶ first gateway  ─▶ proxy ─┐
 *     pages ──────────▶ proxy ─▶ either of nginx ───┘   second gateway ─▶ proxy ─┼─▶ Redis
 *     native clients ─▶ proxy ─▶ either gateway         publishers ─────▶ proxy ─┘
 */
export class Deployment {
  private constructor(
    readonly redis: RedisServer,
    /** The run's own connection to Redis, without a proxy. */
    readonly direct: Redis,
    readonly gateways: readonly [SupervisedGateway, SupervisedGateway],
    readonly publishersLink: FaultProxy,
    readonly nginx: NginxInFront,
    readonly clientLinks: Readonly<Record<Entry, FaultProxy>>,
    /** These proxies never swallow: a browser does not notice a half-open connection for 75 s. */
    readonly pageLinks: readonly FaultProxy[],
    private readonly pages: ModuleServer,
  ) {}

  static async start(): Promise<Deployment> {
    const redis = await RedisServer.start({ isDurable: true });
    const first = await SupervisedGateway.start("first gateway", redis.port);
    const second = await SupervisedGateway.start("second gateway", redis.port);
    const pages = await ModuleServer.start();
    const nginx = await NginxInFront.start({ gateways: [first.port, second.port], pages: pages.port });
    const clientLinks = {
      buffering: await FaultProxy.start(nginx.bufferingPort),
      unbuffered: await FaultProxy.start(nginx.unbufferedPort),
      first: await FaultProxy.start(first.port),
      second: await FaultProxy.start(second.port),
    };
    const pageLinks = [await FaultProxy.start(nginx.bufferingPort), await FaultProxy.start(nginx.unbufferedPort)];
    const publishersLink = await FaultProxy.start(redis.port);
    return new Deployment(
      redis,
      redis.connect(),
      [first, second],
      publishersLink,
      nginx,
      clientLinks,
      pageLinks,
      pages,
    );
  }

  get entryAddresses(): Record<string, string> {
    return Object.fromEntries(Object.entries(this.clientLinks).map(([entry, { address }]) => [entry, address]));
  }

  get redisLinks(): FaultProxy[] {
    return [...this.gateways.map(({ redisLink }) => redisLink), this.publishersLink];
  }

  get proxies(): FaultProxy[] {
    return [...Object.values(this.clientLinks), ...this.pageLinks, ...this.redisLinks];
  }

  /** The logs of its processes, by name. */
  get logs(): Record<string, string> {
    return {
      redis: this.redis.log,
      nginx: this.nginx.log,
      ...Object.fromEntries(this.gateways.map(({ name, log }) => [name.replace(" ", "_"), log])),
    };
  }

  async stop(): Promise<void> {
    this.direct.disconnect();
    await this.nginx.stop();
    for (const gateway of this.gateways) await gateway.stop("SIGKILL");
    await Promise.all(this.proxies.map((proxy) => proxy.stop()));
    await this.redis.stop();
    await this.pages.stop();
  }
}
