import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import type { Certificate } from "./certificates.ts";
import { Child, type ChildOutputs } from "./child.ts";
import { temporaryFolder } from "./temporary_folder.ts";

/** The program under test. REGSTREAM_PROGRAM names another build: one with sanitizers, say. */
export const program =
  process.env.REGSTREAM_PROGRAM ?? fileURLToPath(new URL("../../build/bin/regstream", import.meta.url));

const page = fileURLToPath(new URL("../../build/web-demo", import.meta.url));

/** REGSTREAM_TEST_THREADS sets the threads of every gateway. */
const threads = process.env.REGSTREAM_TEST_THREADS;

/** Runs any command of the program, with `input` on stdin. */
export function regstream(
  args: readonly string[],
  environment: NodeJS.ProcessEnv = {},
  input?: string | Buffer,
  outputs: ChildOutputs = {},
): Child {
  return new Child(program, args, environment, input, outputs);
}

/** The same in a process that may open only so many files. */
export function regstreamWithFiles(
  openFiles: number,
  args: readonly string[],
  environment: NodeJS.ProcessEnv = {},
): Child {
  return new Child("sh", ["-c", `ulimit -n ${openFiles}; exec "$0" "$@"`, program, ...args], environment);
}

export interface GatewayOptions {
  /** 0, the default: any free port. */
  readonly port?: number;
  /** Whether to serve the sample backend and its page, too. Default: true. */
  readonly hasDemo?: boolean;
  /** The certificate for https. Default: plain http. */
  readonly certificate?: Certificate;
  readonly redis?: string;
  readonly redisPassword?: string;
  /** Further variables, such as REDIS_URL. */
  readonly environment?: NodeJS.ProcessEnv;
  /** The demo's database. Default: a new one in a folder of its own. */
  readonly database?: string;
  readonly more?: readonly string[];
  /** How many files the process may open, connections included (ulimit -n). */
  readonly openFiles?: number;
  /** Where the log goes instead of to `log`. */
  readonly stderr?: number;
}

/** A running `regstream serve`. */
export class Gateway {
  private constructor(
    private readonly child: Child,
    readonly port: number,
    readonly database: string,
    private readonly scheme: string,
  ) {}

  static async start(options: GatewayOptions = {}): Promise<Gateway> {
    const database = options.database ?? join(temporaryFolder(), "demo.sqlite");
    const args = [
      ...["serve", "--port", String(options.port ?? 0)],
      ...(options.hasDemo === false ? [] : ["--demo", "--database", database, "--page", page]),
      ...(options.certificate === undefined
        ? []
        : ["--tls-cert", options.certificate.certFile, "--tls-key", options.certificate.keyFile]),
      ...(options.redis === undefined ? [] : ["--redis", options.redis]),
      ...(threads === undefined || options.more?.includes("--threads") ? [] : ["--threads", threads]),
      ...(options.more ?? []),
    ];
    const environment = {
      ...options.environment,
      ...(options.redisPassword === undefined ? {} : { REDIS_PASSWORD: options.redisPassword }),
    };
    const outputs = options.stderr === undefined ? {} : { stderr: options.stderr };
    const child =
      options.openFiles === undefined
        ? regstream(args, environment, undefined, outputs)
        : regstreamWithFiles(options.openFiles, args, environment);
    const ready = await child.untilOutput(/serving on (https?):\/\/127\.0\.0\.1:(\d+)/);
    return new Gateway(child, Number(ready[2]), database, ready[1] ?? "http");
  }

  get log(): string {
    return this.child.log;
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  /** Limits the size of the files that it writes, as a full disk does; "unlimited" ends that. */
  limitFileSizes(bytes: number | "unlimited"): void {
    execFileSync("prlimit", ["--pid", String(this.child.pid), `--fsize=${bytes}:`]);
  }

  url(path: string): string {
    return `${this.scheme}://127.0.0.1:${this.port}${path}`;
  }

  untilLog(pattern: RegExp): Promise<RegExpMatchArray> {
    return this.child.untilOutput(pattern);
  }

  signal(signal: NodeJS.Signals): void {
    this.child.signal(signal);
  }

  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<number | null> {
    return this.child.stop(signal);
  }

  /** Suspends the process, with its connections open, until `resume`. */
  pause(): void {
    this.child.signal("SIGSTOP");
  }

  resume(): void {
    this.child.signal("SIGCONT");
  }

  async get<T>(path: string): Promise<T> {
    const response = await fetch(this.url(path));
    if (!response.ok) throw new Error(`GET ${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  }

  /** Does what the button "Validate Customer" does. */
  validate(registrationId: number | string): Promise<Response> {
    return fetch(this.url(`/api/registrations/${registrationId}/process`), { method: "POST" });
  }
}
