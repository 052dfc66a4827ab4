import { expect, test } from "vitest";

import { figuresPage } from "../bench/figures_plot.ts";
import { nativeFigures } from "../bench/native_figures.ts";

const machine = { processor: "A <fast> one", cores: 2, system: "Linux 6" };

test("a figure is a bar for each contender, to scale, with the ratio of the first two", () => {
  const bars = [
    { name: "ours", value: 30, text: "30 k/s" },
    { name: "the peer", value: 60, text: "60 k/s" },
  ];
  const figure = { group: "some <load>", what: "updates a second", better: "more", bars } as const;
  const page = figuresPage([{ program: "fan_out", measuredAtMs: 0, figures: [figure] }], machine);
  const widths = [...page.matchAll(/<rect class="(?:ours|peer)" [^>]*width="([\d.]+)"/g)].map(([, width]) =>
    Number(width),
  );
  expect(widths).toHaveLength(2);
  expect(widths[0]! / widths[1]!).toBeCloseTo(0.5);
  expect(page).toContain("0.50 x the peer");
  expect(page).toContain("some &lt;load&gt;");
  expect(page).toContain("A &lt;fast&gt; one");
  // It is a file without a server: nothing is loaded.
  expect(page).not.toMatch(/src=|href=|url\(/);
});

test("the ratio of turns counts where there is one, and none is shown for a single bar", () => {
  const bar = (name: string) => ({ name, value: 1, text: "1 ms" });
  const figures = [
    { group: "g", what: "a", better: "less", bars: [bar("x"), bar("y")], ratio: 1.25 },
    { group: "g", what: "b", better: "less", bars: [bar("alone")] },
  ] as const;
  const page = figuresPage([{ program: "p", measuredAtMs: 0, figures }], machine);
  expect(page).toContain("1.25 x y");
  expect(page.match(/ x /g)).toHaveLength(1);
});

test("what Google Benchmark writes becomes figures: the functions of one argument side by side", () => {
  const benchmark = (name: string, time: number, rate?: number) => ({
    name,
    real_time: time,
    time_unit: "ns",
    ...(rate !== undefined && { bytes_per_second: rate }),
  });
  const { figures } = nativeFigures("codec_bench", {
    context: { date: "2026-01-01T00:00:00+00:00" },
    benchmarks: [benchmark("decode/final", 10, 2e9), benchmark("dom/final", 40, 5e8), benchmark("journal/16", 12.3456)],
  });
  expect(figures).toEqual([
    {
      group: "in C++",
      what: "final",
      better: "more",
      bars: [
        { name: "decode", value: 2e9, text: "2000 MB/s" },
        { name: "dom", value: 5e8, text: "500 MB/s" },
      ],
    },
    { group: "in C++", what: "16", better: "less", bars: [{ name: "journal", value: 12.3456, text: "12.35 ns" }] },
  ]);
});
