import { type ChildProcess, spawn } from "node:child_process";
import { createServer } from "node:net";

/** Open files that a process writes to instead of to the test. */
export interface ChildOutputs {
  readonly stdout?: number;
  readonly stderr?: number;
}

/** A process under test: started by the test, and stopped by it whatever happens. */
export class Child {
  /** Those that have not ended yet. */
  private static readonly running = new Set<Child>();

  /** Stops everything that a failed test has left running. */
  static async stopAll(): Promise<void> {
    await Promise.allSettled([...Child.running].map((child) => child.stop(child.lastSignal)));
  }

  private readonly process: ChildProcess;
  private output = "";
  private readonly watchers = new Set<() => void>();
  /** Resolves with the exit code, or null after a signal. */
  readonly exited: Promise<number | null>;
  private hasExited = false;
  /** The signal that ends the process for good, with its own child processes. */
  lastSignal: NodeJS.Signals = "SIGKILL";

  /** With `input` null, stdin stays open for `write`. */
  constructor(
    command: string,
    args: readonly string[],
    environment: NodeJS.ProcessEnv = {},
    input?: string | Buffer | null,
    outputs: ChildOutputs = {},
  ) {
    this.process = spawn(command, args, {
      stdio: [input === undefined ? "ignore" : "pipe", outputs.stdout ?? "pipe", outputs.stderr ?? "pipe"],
      // The caller's settings must not influence a test.
      env: { ...withoutSettings(process.env), ...environment },
    });
    Child.running.add(this);
    // A process may end before it has read all of its input; its exit code is what counts.
    this.process.stdin?.on("error", () => undefined);
    if (input !== null) this.process.stdin?.end(input);
    const collect = (chunk: Buffer): void => {
      this.output += chunk.toString("utf8");
      this.wakeWatchers();
    };
    this.process.stdout?.on("data", collect);
    this.process.stderr?.on("data", collect);
    this.exited = new Promise((resolve, reject) => {
      this.process.once("error", reject);
      this.process.once("close", (code) => {
        this.hasExited = true;
        Child.running.delete(this);
        resolve(code);
        this.wakeWatchers();
      });
    });
    this.exited.catch(() => {
      this.hasExited = true;
      Child.running.delete(this);
      this.wakeWatchers();
    });
  }

  /** Undefined if the process could not be started. */
  get pid(): number | undefined {
    return this.process.pid;
  }

  /** Everything written to stdout and stderr so far. */
  get log(): string {
    return this.output;
  }

  /** Resolves with the match as soon as the output matches. Rejects if the process ends first. */
  async untilOutput(pattern: RegExp): Promise<RegExpMatchArray> {
    for (;;) {
      const match = this.output.match(pattern);
      if (match) return match;
      if (this.hasExited) throw new Error(`ended without ${pattern}:\n${this.output}`);
      await new Promise<void>((resolve) => this.watchers.add(resolve));
    }
  }

  write(text: string): void {
    this.process.stdin?.write(text);
  }

  signal(signal: NodeJS.Signals): void {
    this.process.kill(signal);
  }

  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<number | null> {
    this.signal(signal);
    return this.exited;
  }

  private wakeWatchers(): void {
    const woken = [...this.watchers];
    this.watchers.clear();
    for (const wake of woken) wake();
  }
}

function withoutSettings(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !/^(REDIS|REGSTREAM)_/.test(name)));
}

/** Finds a free loopback port, for servers that can't choose one themselves. It was free a moment ago. */
export async function freePort(wanted = 0): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(wanted, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

/**
 * The same for a server that is restarted on its port: below the ports that the system assigns to outgoing connections.
 * Otherwise a client that connects to the stopped server could be assigned its port, and keep it.
 */
export async function reservedPort(): Promise<number> {
  for (;;) {
    const port = await freePort(10_000 + Math.floor(Math.random() * 20_000)).catch(() => undefined);
    if (port !== undefined) return port;
  }
}
