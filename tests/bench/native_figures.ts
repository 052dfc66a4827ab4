import type { Bar, Figure, Figures } from "./figures.ts";

/** What Google Benchmark writes with --benchmark_out_format=json, as far as it is read here. */
export interface NativeReport {
  readonly context: { readonly date: string };
  readonly benchmarks: readonly {
    readonly name: string;
    readonly real_time: number;
    readonly time_unit: string;
    readonly bytes_per_second?: number;
  }[];
}

/** A run of a C++ benchmark: "decode/stage_update" and "dom/stage_update" are two bars of one figure. */
export function nativeFigures(program: string, { context, benchmarks }: NativeReport): Figures {
  const groups = new Map<string, { bars: Bar[]; better: Figure["better"] }>();
  for (const { name, real_time: time, time_unit: unit, bytes_per_second: rate } of benchmarks) {
    const slash = name.indexOf("/");
    const [contender, what] = slash === -1 ? [name, program] : [name.slice(0, slash), name.slice(slash + 1)];
    const group = groups.get(what) ?? { bars: [], better: rate === undefined ? "less" : "more" };
    const [value, text] =
      rate === undefined ? [time, `${time.toPrecision(4)} ${unit}`] : [rate, `${(rate / 1e6).toFixed(0)} MB/s`];
    group.bars.push({ name: contender.replaceAll("_", " "), value, text });
    groups.set(what, group);
  }
  const figures = [...groups].map(([what, { bars, better }]) => ({ group: "in C++", what, better, bars }));
  return { program, measuredAtMs: Date.parse(context.date), figures };
}
