import { execFileSync } from "node:child_process";
import { closeSync, constants, openSync, readSync, writeSync } from "node:fs";
import { join } from "node:path";

import { temporaryFolder } from "./temporary_folder.ts";

/** A full pipe that nobody reads until the test does. */
export class StalledPipe {
  private readonly reader: number;
  /** For a process under test: a write to it blocks. */
  readonly writer: number;
  private text = "";

  constructor() {
    const path = join(temporaryFolder(), "pipe");
    execFileSync("mkfifo", [path]);
    this.reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    this.writer = openSync(path, constants.O_WRONLY);
    const filler = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
    while (canGoOn(() => writeSync(filler, ".".repeat(4096))) !== undefined);
    closeSync(filler);
  }

  /** Reads until the text matches. */
  async untilRead(pattern: RegExp): Promise<void> {
    const chunk = Buffer.alloc(65536);
    while (!pattern.test(this.text)) {
      const length = canGoOn(() => readSync(this.reader, chunk));
      if (length === undefined) await new Promise((resolve) => setImmediate(resolve));
      else this.text += chunk.toString("utf8", 0, length);
    }
  }

  /** Closes the reader, so that writes fail with EPIPE. */
  closeReader(): void {
    closeSync(this.reader);
  }
}

/** The result of a non-blocking call; undefined if it would block. */
function canGoOn(call: () => number): number | undefined {
  try {
    return call();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EAGAIN") return undefined;
    throw error;
  }
}
