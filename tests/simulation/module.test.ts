import { beforeAll, describe, expect, test } from "vitest";

import { regstream } from "../processes/gateway.ts";
import { type Run, loadSimulation } from "./module.ts";

/** As `regstream simulate --help` lists them. */
const canaries = ["drop-one", "duplicate", "reorder", "drop-reset", "forget-bare", "adopt-twice", "lose-timer"];

/** What the native program says of a run. */
async function native(...options: string[]): Promise<{ code: number | null; report: string }> {
  const child = regstream(["simulate", ...options]);
  const code = await child.exited;
  return { code, report: child.log };
}

describe("the simulation in WASM", () => {
  let simulate: (run: Run) => string;
  beforeAll(async () => {
    simulate = await loadSimulation();
  });

  test.each(Array.from({ length: 40 }, (_, seed) => seed))("does what it does natively, to the last byte of its trace: seed %d", async (seed) => {
    const report = simulate({ seed });
    expect(report).toContain(", trace ");
    expect({ code: 0, report }).toEqual(await native("--seed", `${seed}`));
  });

  test("takes seeds of more than 32 bits", async () => {
    const seed = 2 ** 32 + 3;
    expect(simulate({ seed })).toEqual((await native("--seed", `${seed}`)).report);
  });

  test.each(canaries.map((name, canary) => ({ name, canary })))("finds the same mistake after the same steps: $name", async ({ name, canary }) => {
    const traceLines = 20;
    const seeds = Array.from({ length: 60 }, (_, seed) => seed);
    const seed = seeds.find((seed) => simulate({ seed, canary }).includes(" fails: "));
    expect(seed).toBeDefined();
    const report = simulate({ seed: seed!, canary, traceLines });
    expect({ code: 1, report }).toEqual(await native("--seed", `${seed}`, "--canary", name, "--trace", `${traceLines}`));
  });
});
