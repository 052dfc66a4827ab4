/**
 * The figures of the benchmarks, kept for the page that plots them (figures_page.ts). Each program leaves a file, which
 * its next run replaces.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export interface Bar {
  readonly name: string;
  readonly value: number;
  /** The value with its unit, as it is printed. */
  readonly text: string;
}

/** One quantity, measured for several contenders in the same run. */
export interface Figure {
  /** Under what load, such as "10000 idle streams". */
  readonly group: string;
  readonly what: string;
  /** Which value wins. */
  readonly better: "more" | "less";
  readonly bars: readonly Bar[];
  /** The first bar's value over the second's, turn by turn, as its median; absent: of the bars. */
  readonly ratio?: number;
}

export interface Figures {
  readonly program: string;
  readonly measuredAtMs: number;
  readonly figures: readonly Figure[];
}

export const figuresFolder = fileURLToPath(new URL("../../build/bench", import.meta.url));

const recorded: Figure[] = [];

/** Keeps a figure. The file is written when the program ends. */
export function record(figure: Figure): void {
  if (recorded.push(figure) === 1) process.once("exit", write);
}

function write(): void {
  // npm's name of the script that runs: a program's own name is not in vite-node's arguments.
  const program = process.env.npm_lifecycle_event ?? "bench";
  const figures: Figures = { program, measuredAtMs: Date.now(), figures: recorded };
  mkdirSync(figuresFolder, { recursive: true });
  writeFileSync(join(figuresFolder, `${program}.json`), JSON.stringify(figures, null, 1));
}
