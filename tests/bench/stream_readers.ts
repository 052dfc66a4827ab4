import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** REGSTREAM_STREAM_READERS names another build of it. */
const program = process.env.REGSTREAM_STREAM_READERS ?? fileURLToPath(new URL("../../build/bin/stream_readers", import.meta.url));

/** What streams are asked for. */
export interface StreamsOptions {
  /** The URL's query, in which % is the number of the stream, from 1 on. Without one: all registrations. */
  readonly query?: string;
  readonly speaksTls?: boolean;
  /** A file with a token for each stream, a line each. */
  readonly tokens?: string;
}

/** What all streams together have had. */
export interface Delivered {
  /** Updates of all streams, and the least and the most of one. */
  readonly total: number;
  readonly least: number;
  readonly most: number;
  /** Everything that was read, heads included. */
  readonly bytes: number;
  /** When the last of the updates was read, by the clock of process.hrtime. */
  readonly atNs: number;
}

/** Many readers of event streams in one process of native code, so that the server is what is measured. Fails where an update comes twice. */
export class StreamReaders {
  private readonly exited: Promise<never>;
  private readonly lines: AsyncIterator<string>;

  private constructor(private readonly process: ChildProcessWithoutNullStreams) {
    let complaint = "";
    process.stderr.on("data", (chunk: Buffer) => (complaint += chunk.toString("utf8")));
    this.exited = new Promise((_, reject) => {
      process.once("error", reject);
      process.once("close", () => reject(new Error(`the readers ended: ${complaint}`)));
    });
    this.exited.catch(() => undefined);
    this.lines = createInterface({ input: process.stdout })[Symbol.asyncIterator]();
  }

  /** Opens `count` streams. All of them have had their first event. */
  static async open(port: number, count: number, { query = "", speaksTls = false, tokens }: StreamsOptions = {}): Promise<StreamReaders> {
    const args = [String(port), String(count), query, speaksTls ? "https" : "http", ...(tokens === undefined ? [] : [tokens])];
    const readers = new StreamReaders(spawn(program, args));
    await readers.line();
    return readers;
  }

  /** Resolves as soon as all streams together have had `total` updates since they were opened; fails if they get more, or no more. */
  async until(total: number): Promise<Delivered> {
    this.process.stdin.write(`until ${total}\n`);
    return JSON.parse(await this.line()) as Delivered;
  }

  close(): void {
    this.process.kill("SIGKILL");
  }

  private async line(): Promise<string> {
    const { value, done } = await Promise.race([this.lines.next(), this.exited]);
    return done === true ? this.exited : value;
  }
}
