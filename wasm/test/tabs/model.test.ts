import { afterEach, describe, expect, it, vi } from "vitest";

import { Shard } from "../../src/tabs/shard.js";
import type { Outcome } from "./schedule.js";
import { runSchedule } from "./schedule.js";
import type { Breakage } from "./simulated_tab.js";

const schedules = 10_000;
/** REGSTREAM_SEED=17 runs one schedule. */
const onlySeed = process.env["REGSTREAM_SEED"];
const seeds = onlySeed === undefined ? Array.from({ length: schedules }, (_, index) => index + 1) : [Number(onlySeed)];

function add(one: Outcome, other: Outcome): Outcome {
  const keys = Object.keys(one) as (keyof Outcome)[];
  return Object.fromEntries(keys.map((key) => [key, one[key] + other[key]])) as unknown as Outcome;
}

/** The results of the first schedules. Throws the first violation. */
function runAll(count: number, breakage: Breakage = {}): Outcome {
  return seeds
    .slice(0, count)
    .map((seed) => runSchedule(seed, breakage))
    .reduce(add);
}

describe("tabs that share a stream, in a simulated browser", () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  it(`have one owner, and neither lose nor double an update, in ${schedules} schedules`, { timeout: 120_000 }, () => {
    const outcome = runAll(schedules);
    if (onlySeed === undefined) {
      // Schedules without events would prove nothing.
      expect(outcome.changesOfOwner).toBeGreaterThan(2 * schedules);
      expect(outcome.steals).toBeGreaterThan(schedules / 10);
      // An owner ends before its last messages arrive, or a thief lacks them: rare, and always reported.
      expect(outcome.resetsWithoutReason).toBeLessThan(0.02 * outcome.changesOfOwner);
    }
  });

  // A canary's fault has to be found within this many schedules.
  const enough = 400;

  it.each<[what: string, breakage: Breakage, found: RegExp]>([
    ["a frozen owner keeps its lock", { steals: false }, /no owner for/],
    ["a robbed owner goes on", { isDethroned: false }, /two owners for/],
    ["a new owner begins without a cursor", { keepsCursor: false }, /lost: /],
    ["a page that is put away keeps its lock", { releases: false }, /holds the lock/],
    ["a tab that lacks something does not say so", { greets: false }, /at the end /],
  ])("the model finds that %s", (_, breakage, found) => {
    expect(() => runAll(enough, breakage)).toThrow(found);
  });

  it("the model finds batches that are applied out of place", () => {
    const apply = Shard.prototype.apply;
    vi.spyOn(Shard.prototype, "apply").mockImplementation(function (this: Shard, batch) {
      return apply.call(this, { ...batch, after: this.cursor ?? batch.after });
    });
    expect(() => runAll(enough)).toThrow(/doubled: |lost: /);
  });
});
