import { beforeAll, describe, expect, test } from "vitest";

import { regstream } from "../processes/gateway.ts";
import { type Run, loadSimulation } from "./module.ts";

/** What the native program says of a run. */
async function native(...options: string[]): Promise<{ code: number | null; report: string }> {
  const child = regstream(["simulate", ...options]);
  const code = await child.exited;
  return { code, report: child.log };
}

/** Every mistake that can be made on purpose. The program lists them if it doesn't know the one that is asked for. */
async function canaries(): Promise<string[]> {
  const names = /the canaries are: (.*)/.exec((await native("--canary", "?")).report)?.[1];
  return names?.split(" ") ?? [];
}

describe("the simulation in WASM", () => {
  let simulate: (run: Run) => string;
  beforeAll(async () => {
    simulate = await loadSimulation();
  });

  test.each(Array.from({ length: 100 }, (_, seed) => seed))(
    "does what it does natively, to the last byte of its trace: seed %d",
    async (seed) => {
      const report = simulate({ seed });
      expect(report).toContain(", trace ");
      expect({ code: 0, report }).toEqual(await native("--seed", `${seed}`));
    },
  );

  test("takes seeds of more than 32 bits", async () => {
    const seed = 2 ** 32 + 3;
    expect(simulate({ seed })).toEqual((await native("--seed", `${seed}`)).report);
  });

  test("finds the same mistakes, each after the same steps", async () => {
    const names = await canaries();
    expect(names.length).toBeGreaterThan(10);
    const seeds = Array.from({ length: 200 }, (_, seed) => seed);
    const traceLines = 20;
    for (const [canary, name] of names.entries()) {
      const seed = seeds.find((seed) => simulate({ seed, canary }).includes(" fails: "));
      expect(seed, name).toBeDefined();
      const report = simulate({ seed: seed!, canary, traceLines });
      expect({ code: 1, report }).toEqual(
        await native("--seed", `${seed}`, "--canary", name, "--trace", `${traceLines}`),
      );
    }
  });
});
