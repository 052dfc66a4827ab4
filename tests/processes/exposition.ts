/**
 * Reads Prometheus's text format (version 0.0.4). Throws for anything that a strict reader would reject: a value of an
 * undeclared metric, one metric's values in two places, a series twice, a histogram whose buckets don't add up.
 */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Family {
  readonly name: string;
  readonly type: "counter" | "gauge" | "histogram";
  readonly help: string;
  readonly samples: Sample[];
}

const help = /^# HELP ([a-z_:][a-z0-9_:]*) (\S.*)$/;
const type = /^# TYPE ([a-z_:][a-z0-9_:]*) (counter|gauge|histogram)$/;
const sample = /^([a-z_:][a-z0-9_:]*)(?:\{(.*)\})? (NaN|[+-]Inf|[+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?)$/;
const label = /([a-z_][a-z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)/y;

function readLabels(text: string): Record<string, string> {
  const labels: Record<string, string> = {};
  label.lastIndex = 0;
  while (label.lastIndex < text.length) {
    const [, name, value] = label.exec(text) ?? [];
    if (name === undefined || value === undefined || name in labels) throw new Error(`not labels: ${text}`);
    labels[name] = value;
  }
  return labels;
}

function checkHistogram(family: Family): void {
  const series = new Map<string, Sample[]>();
  for (const one of family.samples) {
    const { le: _, ...rest } = one.labels;
    const key = JSON.stringify(rest);
    series.set(key, [...(series.get(key) ?? []), one]);
  }
  for (const samples of series.values()) {
    const of = (suffix: string): Sample[] => samples.filter(({ name }) => name === family.name + suffix);
    const [count, sum] = [of("_count"), of("_sum")];
    const counts = of("_bucket").map(({ value }) => value);
    const bounds = of("_bucket").map(({ labels }) => (labels["le"] === "+Inf" ? Infinity : Number(labels["le"])));
    const rises = (numbers: number[], strictly: boolean): boolean =>
      numbers.every((one, index) => index === 0 || (strictly ? one > numbers[index - 1]! : one >= numbers[index - 1]!));
    if (
      count.length !== 1 ||
      sum.length !== 1 ||
      bounds.at(-1) !== Infinity ||
      counts.at(-1) !== count[0]!.value ||
      !rises(bounds, true) ||
      !rises(counts, false)
    ) {
      throw new Error(`not a histogram: ${JSON.stringify(samples)}`);
    }
  }
}

export function readExposition(text: string): Map<string, Family> {
  if (!text.endsWith("\n")) throw new Error("the last line does not end");
  const families = new Map<string, Family>();
  const seen = new Set<string>();
  let helped: RegExpExecArray | null = null;
  let family: Family | undefined;
  for (const line of text.slice(0, -1).split("\n")) {
    const typed = type.exec(line);
    const valued = sample.exec(line);
    if (help.test(line)) {
      helped = help.exec(line);
    } else if (typed !== null) {
      const name = typed[1]!;
      if (helped?.[1] !== name || families.has(name)) throw new Error(`no HELP before, or declared twice: ${line}`);
      family = { name, type: typed[2] as Family["type"], help: helped[2]!, samples: [] };
      families.set(name, family);
    } else if (valued !== null && family !== undefined) {
      const name = valued[1]!;
      const labels = readLabels(valued[2] ?? "");
      const suffixes = family.type === "histogram" ? ["_count", "_sum", "_bucket"] : [""];
      const key = name + JSON.stringify(Object.entries(labels).sort());
      if (!suffixes.some((suffix) => name === family!.name + suffix)) throw new Error(`not of ${family.name}: ${line}`);
      if (seen.has(key)) throw new Error(`twice: ${line}`);
      seen.add(key);
      const value = valued[3]!.endsWith("Inf")
        ? valued[3]!.startsWith("-")
          ? -Infinity
          : Infinity
        : Number(valued[3]);
      if (family.type !== "gauge" && !(value >= 0)) throw new Error(`no count: ${line}`);
      family.samples.push({ name, labels, value });
    } else {
      throw new Error(`not in the format: ${line}`);
    }
  }
  for (const one of families.values()) {
    if (one.samples.length === 0) throw new Error(`without values: ${one.name}`);
    if (one.type === "histogram") checkHistogram(one);
  }
  return families;
}

/** The sum of a metric's values with these labels. */
export function sum(
  families: ReadonlyMap<string, Family>,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number {
  const family = families.get(name) ?? families.get(name.replace(/_(count|sum|bucket)$/, ""));
  if (family === undefined) throw new Error(`no metric ${name}`);
  return family.samples
    .filter((one) => one.name === name && Object.entries(labels).every(([label, value]) => one.labels[label] === value))
    .reduce((total, { value }) => total + value, 0);
}
