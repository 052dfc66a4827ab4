import { expect, test } from "vitest";

import { downOverTime, timeline } from "./timeline.ts";

const cost = { lastedMs: 0, streamsLost: 3, openAgainMs: [1500], wholeAgainMs: [1000, 2000, 4000], acknowledgedMs: 0 };

test("the number of streams that are down changes where one is lost and where one is open again", () => {
  const outages = [
    { fromMs: 10, untilMs: 30 },
    { fromMs: 10, untilMs: 20 },
    { fromMs: 25, untilMs: null },
  ];
  expect(downOverTime(outages, 40)).toEqual([
    { atMs: 10, down: 2 },
    { atMs: 20, down: 1 },
    { atMs: 25, down: 2 },
    { atMs: 30, down: 1 },
    { atMs: 40, down: 0 },
  ]);
});

test("a fault has a row with its own time and the recovery's, to scale", () => {
  const svg = timeline({
    title: "a run",
    beganMs: 1_000_000,
    endMs: 1_010_000,
    clients: 4,
    faults: [{ name: "Redis <killed>", fromMs: 1_002_000, untilMs: 1_003_000, cost }],
    outages: [{ fromMs: 1_002_000, untilMs: 1_004_000 }],
  });
  expect(svg).toContain("Redis &lt;killed&gt;");
  const widths = ["fault", "half", "all"].map((kind) =>
    Number(new RegExp(`<rect class="${kind}" x="[\\d.]+" y="67" width="([\\d.]+)"`).exec(svg)?.[1]),
  );
  const [fault, half, all] = widths as [number, number, number];
  expect(half / fault).toBeCloseTo(2, 1);
  expect(all / fault).toBeCloseTo(4, 1);
  // One of four streams is down: a quarter of the height, for as long as the outage.
  expect(svg).toContain("V152.0H722.4V122.0");
});

test("a long name is cut in its row, and whole in what a pointer shows", () => {
  const name = "a gateway's connections to Redis standing still, the other one killed and both deployed anew";
  const svg = timeline({
    title: "a run",
    beganMs: 0,
    endMs: 1000,
    clients: 1,
    faults: [{ name, fromMs: 0, untilMs: 10, cost: { ...cost, wholeAgainMs: [] } }],
    outages: [],
  });
  expect(svg).toContain(`<title>${name}: lasted 0.01 s, 3 streams lost; whole again: half nobody waited`);
  expect(svg).toContain(`>${name.slice(0, 61)}…</text>`);
});

test("a run without a fault is drawn, too", () => {
  const svg = timeline({ title: "calm", beganMs: 0, endMs: 0, clients: 0, faults: [], outages: [] });
  expect(svg).not.toContain("NaN");
});
