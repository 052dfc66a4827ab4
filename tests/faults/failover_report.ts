import { ends, type EndKind } from "./failover_nemesis.ts";
import type { FailoverOutcome } from "./failover_run.ts";
import { type Row, seconds, table } from "./table.ts";
import { quantile } from "./whole_again.ts";

function sum(changes: FailoverOutcome["changes"], what: "switches" | "epochs"): number {
  return changes.reduce((total, change) => total + change[what], 0);
}

/** One row for each kind of end. */
function rowsOf({ plan, failovers }: FailoverOutcome): Row[] {
  return (Object.keys(ends) as EndKind[]).flatMap((kind): Row[] => {
    const own = failovers.filter((failover) => failover.kind === kind);
    if (own.length === 0) return [];
    const wholeAgainMs = own.flatMap(({ cost }) => cost.wholeAgainMs);
    return [
      [
        ends[kind].name,
        plan.waitReplicas,
        own.map(({ streamsReset }) => streamsReset).join(", "),
        own.map(({ lostAcknowledged }) => lostAcknowledged).join(", "),
        seconds(quantile(wholeAgainMs, 0.5)),
        seconds(quantile(wholeAgainMs, 0.99)),
        seconds(quantile(wholeAgainMs, 1)),
        seconds(
          quantile(
            own.map(({ cost }) => cost.acknowledgedMs),
            1,
          ),
        ),
      ],
    ];
  });
}

/** The report of runs over Redis Sentinel, as Markdown. */
export function failoverReport(outcomes: readonly FailoverOutcome[]): string {
  const head = [
    "the primary is",
    "WAIT",
    "streams reset",
    "lost acknowledged",
    "whole: median",
    "p99",
    "max",
    "acknowledged: max",
  ];
  const figures = (of: (outcome: FailoverOutcome) => string | number): (string | number)[] => outcomes.map(of);
  const totals: Row[] = [
    ["took, in seconds", ...figures(({ durationMs }) => seconds(durationMs))],
    ["clients", ...figures(({ clients }) => clients)],
    ["updates published", ...figures(({ publishes }) => publishes.length)],
    [
      "deliveries of updates",
      ...figures(({ verdict }) => verdict.judges.reduce((total, { updates }) => total + updates, 0)),
    ],
    [
      "switches announced, epochs begun by them",
      ...figures(({ changes }) => `${sum(changes, "switches")}, ${sum(changes, "epochs")}`),
    ],
    ["resets, as the epoch changed", ...figures(({ verdict }) => verdict.resets.epoch)],
    ["resets again, after a cut before the position was sent", ...figures(({ verdict }) => verdict.resets.cut)],
    ["resets unaccounted for", ...figures(({ verdict: { resets } }) => resets.ahead + resets.unaccounted)],
    ["updates lost before they were acknowledged, and sent again", ...figures(({ verdict }) => verdict.republished)],
    ["updates saved by a gateway that had heard them", ...figures(({ verdict }) => verdict.saved)],
    ["violations of any kind", ...figures(({ verdict }) => verdict.violations.length)],
  ];
  return `# Failovers under load: seed ${outcomes[0]?.plan.seed}

${table(["figure", ...figures(({ plan }) => `WAIT ${plan.waitReplicas}`)], totals)}

Times in seconds, from the fault's beginning until a client has the next update; the publishers' own wait is included.
WAIT: how many of the
two replicas have an update before it is acknowledged. While one is down, WAIT 2 acknowledges nothing.

${table(head, outcomes.flatMap(rowsOf))}
`;
}
