import { execFileSync } from "node:child_process";
import { closeSync, constants, openSync, readSync, writeSync } from "node:fs";
import { join } from "node:path";

import { temporaryFolder } from "./temporary_folder.ts";

/** A pipe that is full, and that nobody reads until the test does. */
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

  /** Reads on, until what was read matches. */
  async untilRead(pattern: RegExp): Promise<void> {
    const chunk = Buffer.alloc(65536);
    while (!pattern.test(this.text)) {
      const length = canGoOn(() => readSync(this.reader, chunk));
      if (length === undefined) await new Promise((resolve) => setImmediate(resolve));
      else this.text += chunk.toString("utf8", 0, length);
    }
  }

  /** The reader goes: writes fail with EPIPE. */
  closeReader(): void {
    closeSync(this.reader);
  }
}

/** What a call that does not block gives; undefined where it would. */
function canGoOn(call: () => number): number | undefined {
  try {
    return call();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EAGAIN") return undefined;
    throw error;
  }
}
