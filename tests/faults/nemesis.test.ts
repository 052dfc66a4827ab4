import { describe, expect, test } from "vitest";

import { type FaultKind, schedule, ways } from "./nemesis.ts";
import { Random } from "./random.ts";

const kinds = Object.keys(ways) as FaultKind[];

describe("the schedule of faults", () => {
  test.each([1, 2, 3, 2_654_435_769])(
    "of seed %i has every kind twice: once alone, and once with others that it does not disturb",
    (seed) => {
      const rounds = schedule(new Random(seed));
      expect(rounds.slice(0, kinds.length).flat().sort()).toEqual([...kinds].sort());
      expect(rounds.slice(kinds.length).flat().sort()).toEqual([...kinds].sort());
      for (const round of rounds) {
        const needs = round.flatMap((kind) => ways[kind].needs as readonly string[]);
        expect(new Set(needs).size).toBe(needs.length);
      }
    },
  );

  test("is the same for the same seed, and different for another", () => {
    expect(schedule(new Random(7))).toEqual(schedule(new Random(7)));
    expect(schedule(new Random(7))).not.toEqual(schedule(new Random(8)));
  });
});
