import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { expect, test } from "vitest";

import type { EndKind } from "./failover_nemesis.ts";
import { ends } from "./failover_nemesis.ts";
import { failoverReport } from "./failover_report.ts";
import { runFailovers } from "./failover_run.ts";
import { Random } from "./random.ts";
import { timeline } from "./timeline.ts";

/** REGSTREAM_FAULTS_SEED chooses another run. */
const seed = Number(process.env.REGSTREAM_FAULTS_SEED ?? 1);

const folder = fileURLToPath(new URL("../../build/faults", import.meta.url));

test("a primary is replaced again and again, and each update acknowledged by all replicas is there once", {
  timeout: 300_000,
}, async () => {
  const kinds = Object.keys(ends) as EndKind[];
  const careful = await runFailovers({
    ...{ seed, waitReplicas: 2, folder: join(folder, "failovers") },
    kinds: new Random(seed).shuffled([...kinds, ...kinds]),
  });
  // Losses are expected here, and reported.
  const careless = await runFailovers({
    seed,
    waitReplicas: 0,
    folder: join(folder, "failovers_without_wait"),
    kinds: ["cutOff", "killed"],
  });
  const text = failoverReport([careful, careless]);
  console.log(text);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "failovers.md"), text);
  for (const { plan, beganMs, durationMs, clients, failovers, verdict } of [careful, careless]) {
    const picture = timeline({
      title: `Failovers under load: seed ${seed}, WAIT ${plan.waitReplicas}`,
      ...{ beganMs, endMs: beganMs + durationMs, clients },
      faults: failovers.map((failover) => ({ ...failover, name: `the primary is ${ends[failover.kind].name}` })),
      outages: verdict.judges.flatMap(({ outages }) => outages),
    });
    await writeFile(join(plan.folder, "timeline.svg"), picture);
  }

  for (const { verdict, changes, exits, plan } of [careful, careless]) {
    expect(verdict.violations.slice(0, 20), `seed ${seed}; everything that was seen is in ${plan.folder}`).toEqual([]);
    // Every reset leads to another epoch, so a switch accounts for each. One switch may begin two epochs: an old
    // primary that returns, and is asked before all sentinels have noticed, begins one as well, and the next primary
    // has to follow it.
    expect(changes.map(({ epochs, switches }) => [epochs > 0, switches > 0])).toEqual(changes.map(() => [true, true]));
    expect(exits).toEqual([0, 0, 0]);
  }
  expect(careful.failovers.map(({ lostAcknowledged }) => lostAcknowledged)).toEqual(careful.failovers.map(() => 0));
});
