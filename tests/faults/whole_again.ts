import type { Client, ClientJudge } from "./client_judge.ts";
import { compare } from "./event_id.ts";
import type { Entry, History } from "./history.ts";
import type { Publish } from "./publishes.ts";

/** What a fault cost. Times are milliseconds. */
export interface Cost {
  /** How long the fault itself lasted. */
  readonly lastedMs: number;
  /** Clients whose stream was lost. */
  readonly streamsLost: number;
  /** For those: from the loss to the next open stream. */
  readonly openAgainMs: readonly number[];
  /**
   * For each client that the fault touched, the longest time that it waited for an update. The wait begins at the
   * publisher's call, or at the fault's beginning if that was later. It ends when the client has the update, or when
   * the next fault begins, which happens only after all have recovered. An update that a snapshot or a reset covers
   * counts as received. A client is touched if it lost its stream, or waited for more than `untouchedMsMax`. The
   * publishers' own wait for Redis is included.
   */
  readonly wholeAgainMs: readonly number[];
  /** The longest wait of a publisher for an acknowledgement. */
  readonly acknowledgedMs: number;
}

/** A fault's time, in milliseconds since the Unix epoch. */
export interface Trouble {
  readonly fromMs: number;
  /** When everything could work again. */
  readonly untilMs: number;
}

/** How long an update may take on a busy machine without a fault. */
const untouchedMsMax = 250;

/**
 * When a client had each entry that concerns it, or a reset covered it. A late client does not miss what came before
 * it.
 */
function receipts(judge: ClientJudge, ofClient: readonly Entry[]): Map<number, number> {
  const received = new Map<number, number>();
  let index = 0;
  for (const { atMs, position } of judge.steps) {
    for (
      let entry = ofClient[index];
      entry !== undefined && compare(entry.id, position) <= 0;
      entry = ofClient[++index]
    ) {
      if (entry.serial !== null && !received.has(entry.serial)) received.set(entry.serial, atMs);
    }
  }
  return received;
}

/** The cost of each fault, whose time lasts until the next one begins. */
export function costs(
  faults: readonly Trouble[],
  history: History,
  publishes: readonly Publish[],
  judges: readonly ClientJudge[],
  endMs: number,
): Cost[] {
  const { entries } = history;
  const ofRegistration = new Map<number, Entry[]>();
  for (const entry of entries) {
    const others = ofRegistration.get(entry.registrationId) ?? [];
    others.push(entry);
    ofRegistration.set(entry.registrationId, others);
  }
  const entriesFor = ({ registrationId }: Client): readonly Entry[] =>
    registrationId === null ? entries : (ofRegistration.get(registrationId) ?? []);
  const calledMs = new Map(publishes.map((publish) => [publish.serial, publish.calledMs ?? Infinity]));
  const receiptsOf = judges.map((judge) => {
    const cameMs = judge.steps[0]?.atMs ?? Infinity;
    const received = [...receipts(judge, entriesFor(judge.client))].map(([serial, atMs]) => ({
      atMs,
      called: calledMs.get(serial) ?? Infinity,
    }));
    return { judge, received: received.filter(({ called }) => called > cameMs) };
  });

  return faults.map(({ fromMs, untilMs }, index) => {
    const nextMs = faults[index + 1]?.fromMs ?? endMs;
    const openAgainMs: number[] = [];
    const wholeAgainMs: number[] = [];
    let streamsLost = 0;
    for (const { judge, received } of receiptsOf) {
      const lost = judge.outages.filter((outage) => outage.fromMs >= fromMs && outage.fromMs < nextMs);
      if (lost.length > 0) streamsLost += 1;
      for (const outage of lost) if (outage.untilMs !== null) openAgainMs.push(outage.untilMs - outage.fromMs);
      let longest = 0;
      for (const { atMs, called } of received) {
        if (called < nextMs && atMs > fromMs) {
          longest = Math.max(longest, Math.min(atMs, nextMs) - Math.max(called, fromMs));
        }
      }
      if (lost.length > 0 || longest > untouchedMsMax) wholeAgainMs.push(longest);
    }
    const acknowledgements = publishes
      .filter(
        ({ calledMs: called, answeredMs, isPlain }) =>
          !isPlain && called !== null && answeredMs !== null && called < nextMs && answeredMs > fromMs,
      )
      .map(({ calledMs: called, answeredMs }) => Math.min(answeredMs ?? 0, nextMs) - Math.max(called ?? 0, fromMs));
    const acknowledgedMs = acknowledgements.reduce((most, one) => Math.max(most, one), 0);
    return { lastedMs: untilMs - fromMs, streamsLost, openAgainMs, wholeAgainMs, acknowledgedMs };
  });
}

/** The value that a share of the values does not exceed; null: there are none. */
export function quantile(values: readonly number[], share: number): number | null {
  const sorted = [...values].sort((left, right) => left - right);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? null;
}
