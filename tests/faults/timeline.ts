import type { Cost, Trouble } from "./whole_again.ts";
import { quantile } from "./whole_again.ts";

/** A fault as the timeline shows it: its name, when it was, and what it cost. */
export interface ShownFault extends Trouble {
  readonly name: string;
  readonly cost: Cost;
}

export interface Run {
  readonly title: string;
  readonly beganMs: number;
  readonly endMs: number;
  readonly clients: number;
  readonly faults: readonly ShownFault[];
  /** When a client's stream was lost, and when it was open again; null: never. */
  readonly outages: readonly { readonly fromMs: number; readonly untilMs: number | null }[];
}

const width = 1200;
const labels = 420;
const rowHeight = 18;
const streamsHeight = 120;
const top = 64;
const right = 24;

const escapes: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
const escaped = (text: string): string => text.replace(/[&<>"]/g, (character) => escapes[character] ?? character);
/** What fits left of the rows. */
const nameMax = 62;
const cut = (name: string): string => (name.length <= nameMax ? name : `${name.slice(0, nameMax - 1)}…`);
const rounded = (value: number): string => value.toFixed(1);

/** How many streams were down from each moment on at which that number changed. */
export function downOverTime(outages: Run["outages"], endMs: number): { atMs: number; down: number }[] {
  const changes = outages.flatMap(({ fromMs, untilMs }) => [
    { atMs: fromMs, by: 1 },
    { atMs: untilMs ?? endMs, by: -1 },
  ]);
  changes.sort((left, right) => left.atMs - right.atMs);
  const steps: { atMs: number; down: number }[] = [];
  let down = 0;
  for (const { atMs, by } of changes) {
    down += by;
    const last = steps.at(-1);
    if (last?.atMs === atMs) last.down = down;
    else steps.push({ atMs, down });
  }
  return steps;
}

/** Seconds between two lines of the grid: some ten lines, at round numbers. */
function gridStep(durationMs: number): number {
  return [1, 2, 5, 10, 20, 30, 60, 120, 300].find((seconds) => durationMs / 1000 / seconds <= 14) ?? 600;
}

/**
 * A run as an SVG document that needs nothing else. Each fault has a row: how long it lasted (dark), and how long half
 * of the touched clients, and all of them, needed to be whole again (lighter). Below them: how many streams were open.
 */
export function timeline(run: Run): string {
  const { title, beganMs, endMs, clients, faults, outages } = run;
  const durationMs = Math.max(1, endMs - beganMs);
  const x = (ms: number): number => labels + ((width - labels - right) * (ms - beganMs)) / durationMs;
  const streamsTop = top + faults.length * rowHeight + 40;
  const height = streamsTop + streamsHeight + 40;
  const y = (open: number): number => streamsTop + streamsHeight * (1 - open / Math.max(1, clients));

  const grid: string[] = [];
  for (let seconds = 0; seconds * 1000 <= durationMs; seconds += gridStep(durationMs)) {
    const at = rounded(x(beganMs + seconds * 1000));
    grid.push(
      `<line class="grid" x1="${at}" x2="${at}" y1="${top}" y2="${streamsTop + streamsHeight}"/>`,
      `<text class="tick" x="${at}" y="${streamsTop + streamsHeight + 18}">${seconds} s</text>`,
    );
  }

  const bar = (kind: string, fromMs: number, untilMs: number, row: number): string => {
    const from = x(fromMs);
    const end = x(Math.min(untilMs, endMs));
    const size = `width="${rounded(Math.max(1.5, end - from))}" height="${rowHeight - 6}"`;
    return `<rect class="${kind}" x="${rounded(from)}" y="${top + row * rowHeight + 3}" ${size}/>`;
  };
  const rows = faults.map(({ name, fromMs, untilMs, cost }, row) => {
    const seconds = (ms: number | null): string => (ms === null ? "nobody waited" : `${(ms / 1000).toFixed(2)} s`);
    const [half, all] = [quantile(cost.wholeAgainMs, 0.5), quantile(cost.wholeAgainMs, 1)];
    const recovery = `whole again: half ${seconds(half)}, all ${seconds(all)}`;
    const tip = `${name}: lasted ${seconds(untilMs - fromMs)}, ${cost.streamsLost} streams lost; ${recovery}`;
    return [
      `<g><title>${escaped(tip)}</title>`,
      `<text class="name" x="${labels - 10}" y="${top + row * rowHeight + 13}">${escaped(cut(name))}</text>`,
      ...(all === null ? [] : [bar("all", fromMs, fromMs + all, row)]),
      ...(half === null ? [] : [bar("half", fromMs, fromMs + half, row)]),
      bar("fault", fromMs, untilMs, row),
      "</g>",
    ].join("");
  });

  const line = [`M${rounded(x(beganMs))},${rounded(y(clients))}`];
  for (const { atMs, down } of downOverTime(outages, endMs)) {
    line.push(`H${rounded(x(atMs))}`, `V${rounded(y(clients - down))}`);
  }
  line.push(`H${rounded(x(endMs))}`);
  const legend = [
    { kind: "fault", at: labels, text: "the fault" },
    { kind: "half", at: labels + 110, text: "half of the touched clients whole again" },
    { kind: "all", at: labels + 400, text: "all whole again" },
  ].map(({ kind, at, text }) => {
    return [
      `<rect class="${kind}" x="${at}" y="40" width="12" height="12"/>`,
      `<text class="key" x="${at + 18}" y="50">${text}</text>`,
    ].join("");
  });

  const box = `viewBox="0 0 ${width} ${height}"`;
  return `<svg xmlns="http://www.w3.org/2000/svg" ${box} role="img" aria-label="${escaped(title)}">
<style>
svg { background: #fff; font: 12px system-ui, sans-serif }
text { fill: #1b2733 } .title { font-size: 16px; font-weight: 600 } .name { text-anchor: end }
.tick { text-anchor: middle; fill: #5b6b7a } .grid { stroke: #e3e8ed }
.fault { fill: #b42318 } .half { fill: #e8a33d } .all { fill: #f6dfb8 }
.open { fill: none; stroke: #1565c0; stroke-width: 1.5 }
</style>
<text class="title" x="20" y="26">${escaped(title)}</text>
${legend.join("\n")}
${grid.join("\n")}
${rows.join("\n")}
<text class="name" x="${labels - 10}" y="${streamsTop + 12}">open streams, of ${clients}</text>
<text class="name" x="${labels - 10}" y="${streamsTop + streamsHeight}">0</text>
<path class="open" d="${line.join("")}"/>
</svg>
`;
}
