import { readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { Child } from "./child.ts";
import { program } from "./gateway.ts";
import { temporaryFolder } from "./temporary_folder.ts";

/** A command of a document, and the output that the document shows below it. */
export interface DocumentedCommand {
  readonly command: string;
  readonly output: string;
  /** The block ends with `^C`: the command runs until it has written this output. */
  readonly isInterrupted: boolean;
}

/** A fenced block behind `<!-- run: NAME -->`: commands with their output, or lines of the gateway's log. */
export interface DocumentedBlock {
  readonly situation: string;
  readonly commands: readonly DocumentedCommand[];
  readonly logLines: readonly string[];
}

const repository = new URL("../../", import.meta.url);

export function readDocument(path: string): string {
  return readFileSync(fileURLToPath(new URL(path, repository)), "utf8");
}

/** All blocks that a test has to produce, in the document's order. */
export function documentedBlocks(document: string): DocumentedBlock[] {
  return [...document.matchAll(/<!-- run: (\w+) -->\n```(console|log)\n(.*?)\n```/gs)].map(
    ([, situation = "", kind, body = ""]) => ({
      situation,
      commands: kind === "console" ? readCommands(body) : [],
      logLines: kind === "log" ? body.split("\n") : [],
    }),
  );
}

/** The rows of the table behind `<!-- table: NAME -->`, without its head. */
export function documentedTable(document: string, name: string): string[][] {
  const [, table = ""] = new RegExp(`<!-- table: ${name} -->\n\n((?:\\|.*\n)+)`).exec(document) ?? [];
  const rows = table
    .trimEnd()
    .split("\n")
    .slice(2)
    .map((row) =>
      row
        .slice(1, -1)
        .split("|")
        .map((cell) => cell.trim()),
    );
  if (rows.length === 0) throw new Error(`the document has no table ${name}`);
  return rows;
}

function readCommands(body: string): DocumentedCommand[] {
  return `\n${body}`
    .split("\n$ ")
    .slice(1)
    .map((part) => {
      // A command goes on in the next line behind a backslash.
      const [, command = "", rest = ""] = /^((?:[^\n]*\\\n)*[^\n]*)\n?(.*)$/s.exec(part) ?? [];
      const isInterrupted = /(^|\n)\^C$/.test(rest);
      return { command, output: rest.replace(/\n?\^C$/, ""), isInterrupted };
    });
}

/** `…` stands for any text in its line, or alone in a line for any number of lines. */
export function outputPattern(output: string): string {
  return output
    .split("\n")
    .map((line) =>
      line.trim() === "…"
        ? "(?:[^\\n]*(?:\\n|$))*?"
        : `${line
            .split("…")
            .map((text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"))
            .join("[^\\n]*")}(?:\\n|$)`,
    )
    .join("");
}

/** Where a document's commands run: the addresses that it writes are those of the test's servers. */
export class DocumentedShell {
  /** The working folder of the commands. */
  readonly folder = temporaryFolder();

  /**
   * `addresses` maps what the document writes, such as "127.0.0.1:8080", to what is there. The document's redis-cli
   * names no port, and asks `redisPort`.
   */
  constructor(
    private readonly addresses: Readonly<Record<string, string>>,
    redisPort = 6379,
  ) {
    symlinkSync(program, join(this.folder, "regstream"));
    writeFileSync(join(this.folder, "redis-cli"), `#!/bin/sh\nPATH=\${PATH#*:} exec redis-cli -p ${redisPort} "$@"\n`, {
      mode: 0o755,
    });
  }

  /** Runs it, and throws where its output isn't the document's. */
  async run({ command, output, isInterrupted }: DocumentedCommand): Promise<void> {
    const script = `cd '${this.folder}' && ${isInterrupted ? "exec " : ""}${this.here(command)}`;
    const child = new Child("bash", ["-c", script], { PATH: `${this.folder}:${process.env.PATH ?? ""}` });
    if (isInterrupted) {
      await child.untilOutput(new RegExp(`^${this.patternHere(output)}`));
      await child.stop("SIGINT");
      return;
    }
    await child.exited;
    if (!new RegExp(`^${this.patternHere(output)}$`).test(child.log.trimEnd())) {
      throw new Error(`$ ${command}\nThe document has:\n${output}\nIt wrote:\n${child.log}`);
    }
  }

  /** The document's output as a pattern, with the addresses of this run. */
  patternHere(output: string): string {
    return outputPattern(this.here(output));
  }

  private here(text: string): string {
    return Object.entries(this.addresses).reduce((changed, [from, to]) => changed.replaceAll(from, to), text);
  }
}
