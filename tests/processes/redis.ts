import { cpSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";

import { Redis } from "ioredis";

import type { Certificate } from "./certificates.ts";
import { Child, freePort } from "./child.ts";
import { temporaryFolder } from "./temporary_folder.ts";

export const channel = "service:registration-updates";
export const historyKey = `{${channel}}:history`;
export const deploymentsKey = `{${channel}}:deployments`;

/** Options of a Redis that accepts only TLS. */
export interface RedisTls {
  readonly certificate: Certificate;
  /** The authority that signs clients' certificates. */
  readonly caFile: string;
  /** The tests' client certificate. Without one, the server asks for none. */
  readonly client?: Certificate;
}

export interface RedisOptions {
  readonly tls?: RedisTls;
  readonly password?: string;
  /**
   * Every write is on disk before it is acknowledged, so that a restart restores all of it. By default nothing is
   * written to disk.
   */
  readonly isDurable?: boolean;
  /** Default: a free port. */
  readonly port?: number;
  /** Further configuration, as arguments. */
  readonly more?: readonly string[];
  /** Redis's own default with persistence: it syncs once a second, so that the loss of a host loses the last writes. */
  readonly syncsEachSecond?: boolean;
}

/** The Redis server. REGSTREAM_TEST_REDIS names another one: Valkey's, say. */
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

  /** Creates a client for the test. */
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
    // Tests kill the server; without a listener ioredis prints every failed attempt.
    client.on("error", () => undefined);
    return client;
  }

  /** The folder of its append-only files, if it has any. */
  get logFolder(): string {
    return join(this.folder, "appendonlydir");
  }

  async kill(): Promise<void> {
    await this.child.stop("SIGKILL");
  }

  /** Restarts a killed server on the same port. */
  async restart(): Promise<void> {
    this.child = this.spawn();
    await this.ready();
  }

  /** Restarts a killed server without its data. */
  async restartEmpty(): Promise<void> {
    rmSync(join(this.folder, "appendonlydir"), { recursive: true, force: true });
    await this.restart();
  }

  /**
   * Waits until the system has everything that was acknowledged. Without a sync at each write, Redis holds writes back
   * while a slow disk is still syncing.
   */
  async untilWritten(): Promise<void> {
    const client = this.connect();
    while (!/^aof_buffer_length:0\r$/m.test(await client.info("persistence")));
    client.disconnect();
  }

  /** Copies its data on disk: everything acknowledged so far. */
  async backUp(): Promise<void> {
    await this.untilWritten();
    cpSync(join(this.folder, "appendonlydir"), join(this.folder, "backup"), { recursive: true });
  }

  /** Restarts a killed server with the data of that copy. */
  async restartWithBackup(): Promise<void> {
    rmSync(join(this.folder, "appendonlydir"), { recursive: true });
    cpSync(join(this.folder, "backup"), join(this.folder, "appendonlydir"), { recursive: true });
    await this.restart();
  }

  /** Suspends the process, with its connections open, until `resume`. */
  pause(): void {
    this.child.signal("SIGSTOP");
  }

  resume(): void {
    this.child.signal("SIGCONT");
  }

  /** Makes its dump unwritable; `mendDisk` ends that. A folder in the dump's place stops root, too. */
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
