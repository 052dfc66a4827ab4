/** Writes build/bench/index.html from what the benchmarks have left there. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, release, type } from "node:os";
import { join } from "node:path";

import { type Figures, figuresFolder } from "./figures.ts";
import { figuresPage } from "./figures_plot.ts";
import { type NativeReport, nativeFigures } from "./native_figures.ts";

const read = (name: string): Figures => {
  const content: unknown = JSON.parse(readFileSync(join(figuresFolder, name), "utf8"));
  const isNative = typeof content === "object" && content !== null && "benchmarks" in content;
  return isNative ? nativeFigures(name.replace(".json", ""), content as NativeReport) : (content as Figures);
};

const all = readdirSync(figuresFolder)
  .filter((name) => name.endsWith(".json"))
  .sort()
  .map(read);
const page = join(figuresFolder, "index.html");
const processors = cpus();
const machine = { processor: processors[0]?.model ?? "unknown processor", cores: processors.length };
writeFileSync(page, figuresPage(all, { ...machine, system: `${type()} ${release()}` }));
console.log(`the figures of ${all.length} programs as plots: ${page}`);
