import type { Contender } from "./measured_server.ts";
import { type Figure, record } from "./figures.ts";
import { median } from "./quantile.ts";

/** A figure that a turn gives, how it is printed, and which value wins. */
export type Row<Key extends string> = readonly [
  what: string,
  key: Key,
  text: (value: number) => string,
  better: Figure["better"],
];

/**
 * Prints and records, under this load, the median turn of each of the two and the median of the turns' ratios. They
 * take turns, and each begins every other turn, so that a busy spell of the machine meets both.
 */
export async function compareInTurns<Key extends string>(
  group: string,
  [ours, peer]: readonly [Contender, Contender],
  turns: number,
  measure: (contender: Contender) => Promise<Record<Key, number>>,
  rows: readonly Row<Key>[],
): Promise<void> {
  const pairs: (readonly [Record<Key, number>, Record<Key, number>])[] = [];
  for (let turn = 0; turn < turns; turn += 1) {
    const early = turn % 2 === 0 ? undefined : await measure(peer);
    const our = await measure(ours);
    pairs.push([our, early ?? (await measure(peer))]);
  }
  console.log(group);
  for (const [what, key, text, better] of rows) {
    const [our, theirs] = [
      median(pairs.map(([figures]) => figures[key])),
      median(pairs.map(([, figures]) => figures[key])),
    ];
    const ratio = median(pairs.map(([left, right]) => left[key] / right[key]));
    const values = `${text(our).padStart(9)} against ${text(theirs).padStart(9)}`;
    console.log(`  ${what.padEnd(54)} ${values} ${ratio.toFixed(2).padStart(6)} x`);
    const bars = [
      { name: ours.name, value: our, text: text(our) },
      { name: peer.name, value: theirs, text: text(theirs) },
    ];
    record({ group, what, better, bars, ratio });
  }
}

export const millions = (perSecond: number): string => `${(perSecond / 1e6).toFixed(2)} M/s`;
export const thousands = (perSecond: number): string => `${(perSecond / 1e3).toFixed(1)} k/s`;
export const kibibytes = (bytes: number): string => `${(bytes / 1024).toFixed(2)} KiB`;
export const milliseconds = (ns: number): string => `${(ns / 1e6).toFixed(3)} ms`;
export const microseconds = (ns: number): string => `${(ns / 1e3).toFixed(1)} µs`;
