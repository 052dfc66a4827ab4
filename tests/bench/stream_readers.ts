import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { createInterface } from "node:readline";

import { benchProgram } from "./bench_program.ts";

/** What streams are asked for. */
export interface StreamsOptions {
  /** The URL's query. In it, % is the number of the stream, from 1 on; %1000: a thousand numbers take turns. Without one: all registrations. */
  readonly query?: string;
  readonly speaksTls?: boolean;
  /** A file with a token for each stream, a line each. */
  readonly tokens?: string;
  /** So many are being opened at a time: 100 by default. */
  readonly opening?: number;
  /** A stream is open when its head is there. By default when it has had its first event with an id, which others may not send. */
  readonly isOpenByHead?: boolean;
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

/** From when an update was sent to when it was read, of all that say when. */
export interface Latencies {
  readonly count: number;
  readonly medianNs: number;
  readonly p99Ns: number;
}

/** Many readers of event streams in one process of native code, so that the server is what is measured. Fails where an update comes twice. */
export class StreamReaders {
  private readonly exited: Promise<never>;
  private readonly lines: AsyncIterator<string>;

  /** When the first one began to connect, by the clock of process.hrtime, and how long it took from then until all were open. */
  beganNs = 0;
  openingNs = 0;
  /** How often one came back at once that the server had ended before it answered. */
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

  /** Opens `count` streams, and resolves when all are open. */
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

  /** Resolves as soon as all streams together have had `total` updates since they were opened; fails if they get more, or no more. */
  async until(total: number): Promise<Delivered> {
    this.process.stdin.write(`until ${total}\n`);
    return JSON.parse(await this.line()) as Delivered;
  }

  /** Of the updates that were read since this was asked last. */
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
