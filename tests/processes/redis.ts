import { cpSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";

import { Redis } from "ioredis";

import type { Certificate } from "./certificates.ts";
import { Child, freePort } from "./child.ts";
import { temporaryFolder } from "./temporary_folder.ts";

export const channel = "service:registration-updates";
export const historyKey = `{${channel}}:history`;
export const deploymentsKey = `{${channel}}:deployments`;

/** How a Redis speaks TLS, and nothing else. */
export interface RedisTls {
  readonly certificate: Certificate;
  /** Of the authority that signs clients' certificates. */
  readonly caFile: string;
  /** Clients need a certificate: this one, for those of the tests. Without one, none is asked for. */
  readonly client?: Certificate;
}

export interface RedisOptions {
  readonly tls?: RedisTls;
  readonly password?: string;
  /** Every write is on the disk before it is acknowledged, so that a restart brings all of it back. By default there is no disk. */
  readonly isDurable?: boolean;
  /** A free one by default. */
  readonly port?: number;
  /** More lines of its configuration, as arguments. */
  readonly more?: readonly string[];
  /** Redis's own default with a disk: it syncs once a second, so that a host that is lost takes the last writes with it. */
  readonly syncsEachSecond?: boolean;
}

/** REGSTREAM_TEST_REDIS names another one: Valkey's server, say. */
export const redisProgram = process.env.REGSTREAM_TEST_REDIS ?? "redis-server";

/** A real redis-server on a free port. */
export class RedisServer {
  private child: Child;

  private constructor(
    readonly port: number,
    private readonly options: RedisOptions,
    private readonly folder: string,
  ) {
    this.child = this.spawn();
  }

  static async start(options: RedisOptions = {}): Promise<RedisServer> {
    const server = new RedisServer(options.port ?? (await freePort()), options, temporaryFolder());
    await server.ready();
    return server;
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** A client of its own for the test. */
  connect(more: { readonly maxRetriesPerRequest?: number; readonly commandTimeout?: number } = {}): Redis {
    const { password, tls } = this.options;
    const client = new Redis({
      host: "127.0.0.1",
      port: this.port,
      ...(password ? { password } : {}),
      ...more,
      ...(tls
        ? { tls: { rejectUnauthorized: false, ...(tls.client ? { cert: tls.client.cert, key: tls.client.key } : {}) } }
        : {}),
    });
    // A killed server is part of the tests; without a listener ioredis prints every failed attempt.
    client.on("error", () => undefined);
    return client;
  }

  /** Of its append-only files, if it has any. */
  get logFolder(): string {
    return join(this.folder, "appendonlydir");
  }

  async kill(): Promise<void> {
    await this.child.stop("SIGKILL");
  }

  /** Starts a killed server again, on the same port. */
  async restart(): Promise<void> {
    this.child = this.spawn();
    await this.ready();
  }

  /** Starts a killed server again, without what it had on its disk. */
  async restartEmpty(): Promise<void> {
    rmSync(join(this.folder, "appendonlydir"), { recursive: true, force: true });
    await this.restart();
  }

  /** Until the system has all it acknowledged: without a sync each write, Redis holds writes back while a slow disk is still syncing. */
  async untilWritten(): Promise<void> {
    const client = this.connect();
    while (!/^aof_buffer_length:0\r$/m.test(await client.info("persistence")));
    client.disconnect();
  }

  /** Keeps a copy of what is on its disk: all that was acknowledged by now. */
  async backUp(): Promise<void> {
    await this.untilWritten();
    cpSync(join(this.folder, "appendonlydir"), join(this.folder, "backup"), { recursive: true });
  }

  /** Starts a killed server again, with what it had when that copy was made. */
  async restartWithBackup(): Promise<void> {
    rmSync(join(this.folder, "appendonlydir"), { recursive: true });
    cpSync(join(this.folder, "backup"), join(this.folder, "appendonlydir"), { recursive: true });
    await this.restart();
  }

  /** Stands still, with its connections open, until `resume`. */
  pause(): void {
    this.child.signal("SIGSTOP");
  }

  resume(): void {
    this.child.signal("SIGCONT");
  }

  /** It can't write its dump from now on, and then it can again. A folder in its place stops root, too. */
  breakDisk(): void {
    mkdirSync(join(this.folder, "dump.rdb", "in the way"), { recursive: true });
  }

  mendDisk(): void {
    rmSync(join(this.folder, "dump.rdb"), { recursive: true, force: true });
  }

  get log(): string {
    return this.child.log;
  }

  async stop(): Promise<void> {
    await this.child.stop("SIGKILL");
  }

  private spawn(): Child {
    const { isDurable, syncsEachSecond, tls } = this.options;
    return new Child(redisProgram, [
      ...(tls
        ? ["--port", "0", "--tls-port", String(this.port), "--tls-auth-clients", tls.client ? "yes" : "no"]
        : ["--port", String(this.port)]),
      ...(tls
        ? [
            "--tls-cert-file",
            tls.certificate.certFile,
            "--tls-key-file",
            tls.certificate.keyFile,
            "--tls-ca-cert-file",
            tls.caFile,
          ]
        : []),
      ...["--bind", "127.0.0.1", "--dir", this.folder],
      ...["--save", ""],
      ...["--appendonly", isDurable || syncsEachSecond ? "yes" : "no"],
      ...["--appendfsync", isDurable ? "always" : "everysec"],
      ...(this.options.password ? ["--requirepass", this.options.password] : []),
      ...(this.options.more ?? []),
    ]);
  }

  private async ready(): Promise<void> {
    await this.child.untilOutput(/Ready to accept connections/);
  }
}
