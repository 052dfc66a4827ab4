import { linkSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

import { historyKey, type RedisServer } from "../processes/redis.ts";
import { temporaryFolder } from "../processes/temporary_folder.ts";

/** An entry that a server has appended to the history. */
export interface Append {
  readonly id: string;
  /** Empty: an epoch begins. */
  readonly text: string;
  readonly isAdopted: boolean;
}

/**
 * The append-only files of servers that replace each other. A server writes everything there before it answers, also
 * what is lost when it is killed or becomes a replica. It deletes its files then, but not these links to them.
 */
export class WriteLogs {
  private readonly folder = temporaryFolder();
  private readonly kept = new Set<string>();
  private readonly timer: NodeJS.Timeout;

  constructor(private readonly servers: readonly RedisServer[]) {
    this.keep();
    // Much more often than servers change their files.
    this.timer = setInterval(() => this.keep(), 100);
  }

  stop(): void {
    clearInterval(this.timer);
  }

  /** The entries of each file, in its order. */
  *appends(): Generator<Append> {
    this.keep();
    for (const name of this.kept) {
      for (const words of commandsOf(readFileSync(join(this.folder, name)))) {
        if (words[0]?.toUpperCase() !== "XADD" || words[1] !== historyKey) continue;
        const at = words.indexOf("message");
        yield { id: words[at - 1] ?? "", text: words[at + 1] ?? "", isAdopted: words[at + 4] === "adopted" };
      }
    }
  }

  private keep(): void {
    for (const { logFolder, port } of this.servers) {
      for (const file of readdirSync(logFolder).filter((each) => each.includes("incr"))) {
        try {
          const name = `${port}-${statSync(join(logFolder, file)).ino}`;
          if (this.kept.has(name)) continue;
          linkSync(join(logFolder, file), join(this.folder, name));
          this.kept.add(name);
        } catch (error) {
          // The file was renamed meanwhile and will be found again.
          if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
        }
      }
    }
  }
}

/** The commands of an append-only file. The last one may be incomplete. */
function* commandsOf(log: Buffer): Generator<string[]> {
  let at = 0;
  const number = (): number => {
    const end = log.indexOf("\r\n", at);
    const text = log.toString("latin1", at + 1, end);
    at = end < 0 ? log.length : end + 2;
    return end < 0 ? NaN : Number(text);
  };
  while (at < log.length) {
    const words: string[] = [];
    for (let left = number(); left > 0; --left) {
      const bytes = number();
      if (!(at + bytes + 2 <= log.length)) return;
      words.push(log.toString("utf8", at, at + bytes));
      at += bytes + 2;
    }
    yield words;
  }
}
