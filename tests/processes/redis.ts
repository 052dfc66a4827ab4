import { Redis } from "ioredis";

import { Child, freePort } from "./child.ts";
import { temporaryFolder } from "./temporary_folder.ts";

export const channel = "service:registration-updates";

/** A real redis-server on a free port, without a disk. */
export class RedisServer {
  private child: Child;

  private constructor(
    readonly port: number,
    private readonly password: string | undefined,
    private readonly folder: string,
  ) {
    this.child = this.spawn();
  }

  static async start(options: { password?: string } = {}): Promise<RedisServer> {
    const server = new RedisServer(await freePort(), options.password, temporaryFolder());
    await server.ready();
    return server;
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** A client of its own for the test. */
  connect(): Redis {
    const client = new Redis({ host: "127.0.0.1", port: this.port, ...(this.password ? { password: this.password } : {}) });
    // A killed server is part of the tests; without a listener ioredis prints every failed attempt.
    client.on("error", () => undefined);
    return client;
  }

  async kill(): Promise<void> {
    await this.child.stop("SIGKILL");
  }

  /** Starts a killed server again, on the same port. */
  async restart(): Promise<void> {
    this.child = this.spawn();
    await this.ready();
  }

  async stop(): Promise<void> {
    await this.child.stop("SIGKILL");
  }

  private spawn(): Child {
    return new Child("redis-server", [
      ...["--port", String(this.port), "--bind", "127.0.0.1", "--dir", this.folder],
      ...["--save", "", "--appendonly", "no"],
      ...(this.password ? ["--requirepass", this.password] : []),
    ]);
  }

  private async ready(): Promise<void> {
    await this.child.untilOutput(/Ready to accept connections/);
  }
}
