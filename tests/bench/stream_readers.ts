import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { createInterface } from "node:readline";

import { benchProgram } from "./bench_program.ts";

/** The requests of the streams. */
export interface StreamsOptions {
  /**
   * The URL's query. % becomes the stream's number, from 1 on; %1000 cycles through a thousand numbers. Default: all
   * registrations.
   */
  readonly query?: string;
  readonly speaksTls?: boolean;
  /** A file with one token a line, for each stream. */
  readonly tokens?: string;
  /** How many streams are opened at a time. Default: 100. */
  readonly opening?: number;
  /**
   * True: a stream counts as open when its head has come. Default: at its first event with an id, which other servers
   * may not send.
   */
  readonly isOpenByHead?: boolean;
}

/** What all streams together have received. */
export interface Delivered {
  /** Updates of all streams, and the minimum and maximum of one stream. */
  readonly total: number;
  readonly least: number;
  readonly most: number;
  /** All bytes read, heads included. */
  readonly bytes: number;
  /** When the last update was read, by process.hrtime. */
  readonly atNs: number;
}

/** From sending to reading, for all updates that include their time. */
export interface Latencies {
  readonly count: number;
  readonly medianNs: number;
  readonly p99Ns: number;
}

/**
 * Many readers of event streams in one native process, so that the server is what is measured. Fails if an update comes
 * twice.
 */
export class StreamReaders {
  private readonly exited: Promise<never>;
  private readonly lines: AsyncIterator<string>;

  /** When the first reader began to connect, by process.hrtime, and how long it took until all were open. */
  beganNs = 0;
  openingNs = 0;
  /** How often a reader retried at once because the server had closed the connection before answering. */
  reopened = 0;

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

  /** Opens `count` streams; resolves when all are open. */
  static async open(port: number, count: number, options: StreamsOptions = {}): Promise<StreamReaders> {
    const { query, speaksTls, tokens, opening, isOpenByHead } = options;
    const args = [
      ...(query === undefined ? [] : [`query=${query}`]),
      ...(speaksTls === true ? ["scheme=https"] : []),
      ...(tokens === undefined ? [] : [`tokens=${tokens}`]),
      ...(opening === undefined ? [] : [`opening=${opening}`]),
      ...(isOpenByHead === true ? ["connected=head"] : []),
    ];
    const readers = new StreamReaders(spawn(benchProgram("stream_readers"), [String(port), String(count), ...args]));
    const opened = JSON.parse(await readers.line()) as { beganNs: number; atNs: number; reopened: number };
    const { beganNs, atNs, reopened } = opened;
    readers.reopened = reopened;
    readers.beganNs = beganNs;
    readers.openingNs = atNs - beganNs;
    return readers;
  }

  /**
   * Resolves as soon as all streams together have received `total` updates since they were opened. Fails if they get
   * more, or no more come.
   */
  async until(total: number): Promise<Delivered> {
    this.process.stdin.write(`until ${total}\n`);
    return JSON.parse(await this.line()) as Delivered;
  }

  /** Covers the updates read since the last call. */
  async latencies(): Promise<Latencies> {
    this.process.stdin.write("latencies\n");
    return JSON.parse(await this.line()) as Latencies;
  }

  close(): void {
    this.process.kill("SIGKILL");
  }

  private async line(): Promise<string> {
    const { value, done } = await Promise.race([this.lines.next(), this.exited]);
    return done === true ? this.exited : value;
  }
}
