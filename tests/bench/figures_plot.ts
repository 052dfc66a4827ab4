/** The figures of the benchmarks as a page with plots. It is one file, and needs no server and no network. */
import type { Bar, Figure, Figures } from "./figures.ts";

/** What the figures were measured on. */
export interface Machine {
  readonly processor: string;
  readonly cores: number;
  readonly system: string;
}

const escapes: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
const escaped = (text: string): string => text.replace(/[&<>"]/g, (character) => escapes[character] ?? character);

const width = 860;
const labels = 300;
const values = 110;
const rowHeight = 26;

/** The first bar over the second: "2.00 x" is twice as much. Empty where there are not two to compare. */
function ratioText({ bars: [ours, peer], ratio }: Figure): string {
  if (ours === undefined || peer === undefined) return "";
  const value = ratio ?? ours.value / peer.value;
  return Number.isFinite(value) ? `${value.toFixed(2)} x ${peer.name}` : "";
}

function plot({ what, better, bars }: Figure): string {
  const most = Math.max(...bars.map(({ value }) => value), Number.MIN_VALUE);
  const row = ({ name, value, text }: Bar, index: number): string => {
    const size = Math.max(1, ((width - labels - values) * value) / most);
    const middle = index * rowHeight + 17;
    const kind = index === 0 ? "ours" : "peer";
    const area = `x="${labels}" y="${index * rowHeight + 4}" width="${size.toFixed(1)}" height="${rowHeight - 8}"`;
    return [
      `<text class="name" x="${labels - 10}" y="${middle}">${escaped(name)}</text>`,
      `<rect class="${kind}" ${area}/>`,
      `<text x="${(labels + size + 8).toFixed(1)}" y="${middle}">${escaped(text)}</text>`,
    ].join("");
  };
  const label = escaped(`${what}, ${better} is better`);
  const box = `0 0 ${width} ${bars.length * rowHeight}`;
  return `<svg viewBox="${box}" role="img" aria-label="${label}">${bars.map(row).join("")}</svg>`;
}

function figureHtml(figure: Figure): string {
  const { what, better } = figure;
  const ratio = escaped(ratioText(figure));
  const caption = `${escaped(what)} <small>${better} is better</small> <b>${ratio}</b>`;
  return `<figure><figcaption>${caption}</figcaption>${plot(figure)}</figure>`;
}

function section({ program, measuredAtMs, figures }: Figures): string {
  const groups = new Map<string, Figure[]>();
  for (const figure of figures) groups.set(figure.group, [...(groups.get(figure.group) ?? []), figure]);
  const measured = new Date(measuredAtMs).toISOString().slice(0, 16).replace("T", " ");
  const parts = [...groups].map(([group, own]) => `<h3>${escaped(group)}</h3>${own.map(figureHtml).join("\n")}`);
  const title = escaped(program.replaceAll(/[_-]/g, " "));
  return `<section><h2>${title}</h2><p>Measured ${measured} UTC.</p>${parts.join("\n")}</section>`;
}

export function figuresPage(all: readonly Figures[], { processor, cores, system }: Machine): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Regstream: benchmarks</title>
<style>
:root { color-scheme: light dark; --ink: light-dark(#1b2733, #e6edf3); --soft: light-dark(#5b6b7a, #9aa7b4) }
body { max-width: 900px; margin: 2rem auto; padding: 0 1rem; font: 15px/1.5 system-ui, sans-serif }
body { color: var(--ink); background: light-dark(#fff, #0f1720) }
h2 { margin-top: 2.5rem; border-bottom: 1px solid light-dark(#e3e8ed, #2a3642); text-transform: capitalize }
figure { margin: 1rem 0 } figcaption b { float: right; font-weight: 500 } small, p { color: var(--soft) }
svg { width: 100%; font: 13px system-ui, sans-serif } text { fill: var(--ink) } .name { text-anchor: end }
.ours { fill: light-dark(#1565c0, #58a6ff) } .peer { fill: light-dark(#b8c4cf, #4b5b6b) }
</style>
<h1>Regstream: benchmarks</h1>
<p>${escaped(processor)}, ${cores} cores, ${escaped(system)}. Both sides of a comparison ran in the same run, in turns.
A ratio carries over to another machine, an absolute value does not.</p>
${all.map(section).join("\n")}
</html>
`;
}
