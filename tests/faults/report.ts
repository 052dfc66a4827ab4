import type { Fault, FaultKind } from "./nemesis.ts";
import { ways } from "./nemesis.ts";
import type { Verdict } from "./oracle.ts";
import type { Publish } from "./publishes.ts";
import { type Row, seconds, table } from "./table.ts";
import { type Cost, quantile } from "./whole_again.ts";

/** The outcome of a run. */
export interface Outcome {
  readonly seed: number;
  readonly durationMs: number;
  readonly faults: readonly Fault[];
  readonly costs: readonly Cost[];
  readonly verdict: Verdict;
  readonly publishes: readonly Publish[];
  /** Connections that the proxies cut, and left half-open. */
  readonly cuts: number;
  readonly halfOpen: number;
  readonly historiesLost: number;
}

/** The report of a run, as Markdown that is also readable in a terminal. */
export function report({
  seed,
  durationMs,
  faults,
  costs,
  verdict,
  publishes,
  cuts,
  halfOpen,
  historiesLost,
}: Outcome): string {
  const { judges, resets } = verdict;
  const sum = (of: (judge: (typeof judges)[number]) => number): number =>
    judges.reduce((total, judge) => total + of(judge), 0);
  const inflicted = (...kinds: FaultKind[]): number =>
    faults.flatMap((fault) => fault.kinds).filter((kind) => kinds.includes(kind)).length;
  const count = (pattern: RegExp): number => verdict.violations.filter((violation) => pattern.test(violation)).length;

  const outages = judges.flatMap((judge) => judge.outages);
  const kills =
    inflicted("gatewayKilled", "gatewayBehind") +
    2 * inflicted("gatewaysKilled") +
    inflicted("redisKilled", "redisReplaced");
  const figures: Row[] = [
    ["clients, of which in Chromium", `${judges.length}, ${judges.filter(({ client }) => client.isPage).length}`],
    [
      "updates published, of which by plain PUBLISH",
      `${publishes.length}, ${publishes.filter(({ isPlain }) => isPlain).length}`,
    ],
    ["deliveries of updates", sum(({ updates }) => updates)],
    ["deliveries of snapshots", sum(({ snapshots }) => snapshots)],
    ["faults", faults.flatMap(({ kinds }) => kinds).length],
    ["processes killed (SIGKILL)", kills],
    ["processes ended by a deployment (SIGTERM)", 2 * inflicted("gatewaysDeployed")],
    ["processes paused (SIGSTOP)", inflicted("gatewayPaused", "redisPaused")],
    ["histories lost", historiesLost],
    ["connections cut by proxies", cuts],
    ["connections left half-open by proxies", halfOpen],
    [
      "streams lost, and opened again",
      `${outages.length}, ${outages.filter(({ untilMs }) => untilMs !== null).length}`,
    ],
    ["resets, as a history was lost", resets.epoch],
    ["resets again, after a cut before the position was sent", resets.cut],
    ["resets by a gateway that knew less than the one before", resets.ahead],
    ["resets unaccounted for", resets.unaccounted],
    ["updates in a second history: it was lost while they were published", verdict.republished],
    ["updates in a second history: saved by a gateway that had heard them", verdict.saved],
    ["updates by plain PUBLISH that no gateway listened to", verdict.unheard],
    ["lost; duplicated; out of order", `${count(/: lost/)}; ${count(/: duplicated/)}; ${count(/out of order$/)}`],
    ["violations of any kind", verdict.violations.length],
  ];

  // Some kinds were alone twice, since nothing went with them.
  const rows = (Object.keys(ways) as FaultKind[]).map((kind): Row => {
    const own = costs.filter((_, index) => faults[index]?.kinds.join() === kind);
    const openAgainMs = own.flatMap((cost) => cost.openAgainMs);
    const wholeAgainMs = own.flatMap((cost) => cost.wholeAgainMs);
    return [
      ways[kind].name,
      own.map(({ lastedMs }) => seconds(lastedMs)).join(", "),
      own.map(({ streamsLost }) => streamsLost).join(", "),
      seconds(quantile(openAgainMs, 0.5)),
      seconds(quantile(openAgainMs, 1)),
      own.map((cost) => cost.wholeAgainMs.length).join(", "),
      seconds(quantile(wholeAgainMs, 0.5)),
      seconds(quantile(wholeAgainMs, 0.99)),
      seconds(quantile(wholeAgainMs, 1)),
      seconds(
        quantile(
          own.map(({ acknowledgedMs }) => acknowledgedMs),
          1,
        ),
      ),
    ];
  });
  const head = [
    "fault, by itself",
    ...["lasted", "streams lost", "open again: median", "max"],
    ...["clients touched", "whole again: median", "p99", "max", "acknowledged: max"],
  ];
  return `# A run with faults: seed ${seed}, ${seconds(durationMs)} s

${table(["figure", ""], figures)}

Times in seconds. Whole again: the longest that a client waited for an update, from its publishing or from the fault's
beginning.

${table(head, rows)}
`;
}
