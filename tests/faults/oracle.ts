import { type Client, ClientJudge, type ResetCause, type Views } from "./client_judge.ts";
import { compare, textOf } from "./event_id.ts";
import type { Entry, History, Loss } from "./history.ts";
import type { Observation } from "./observations.ts";
import type { Publish } from "./publishes.ts";

/** All evidence of a finished run. */
export interface Evidence {
  readonly history: History;
  readonly publishes: readonly Publish[];
  readonly clients: readonly Client[];
  /** In the order of their times, for each client. */
  readonly observations: readonly Observation[];
  readonly views: Views;
}

export interface Verdict {
  /** Sentences: what does not hold, and for whom. Empty: everything holds. */
  readonly violations: readonly string[];
  readonly judges: readonly ClientJudge[];
  readonly resets: Readonly<Record<ResetCause, number>>;
  /** Updates that entered the history again, since it was lost while they were being published. */
  readonly republished: number;
  /** Updates of a lost history that a gateway had received and brought into the next one. */
  readonly saved: number;
  /** Updates by plain PUBLISH that no gateway listened to. */
  readonly unheard: number;
}

/** Judges what publishers and clients saw by the history. */
export function judge(evidence: Evidence): Verdict {
  const { history, publishes, clients, observations, views } = evidence;
  const published = judgePublishes(history, publishes);
  const judges = new Map(clients.map((client) => [client.name, new ClientJudge(client, history, views)]));
  for (const observation of observations) {
    const own = judges.get(observation.client);
    if (own === undefined) throw new Error(`an observation of an unknown client, ${observation.client}`);
    own.observe(observation);
  }
  const all = [...judges.values()];
  for (const own of all) own.end();
  const sum = (cause: ResetCause): number => all.reduce((total, { resets }) => total + resets[cause], 0);
  return {
    ...published,
    violations: [...published.violations, ...all.flatMap(({ violations }) => violations)],
    judges: all,
    resets: { epoch: sum("epoch"), cut: sum("cut"), ahead: sum("ahead"), unaccounted: sum("unaccounted") },
  };
}

/**
 * Every acknowledged update is in the history under the id of its acknowledgement. Each is there once, in its
 * publisher's order.
 */
function judgePublishes(history: History, publishes: readonly Publish[]): Omit<Verdict, "judges" | "resets"> {
  const violations: string[] = [];
  const bySerial = new Map(publishes.map((publish) => [publish.serial, publish]));
  const entriesOf = new Map<number, Entry[]>();
  const lastOf = new Map<string, Entry>();
  for (const entry of history.entries) {
    const publish = entry.serial === null ? undefined : bySerial.get(entry.serial);
    if (publish === undefined) {
      violations.push(`the history: ${textOf(entry.id)} is an update that nobody published`);
      continue;
    }
    entriesOf.set(publish.serial, [...(entriesOf.get(publish.serial) ?? []), entry]);
    if (publish.isPlain || entry.isSaved || publish.hasOpenAttempt) continue;
    const key = `${entry.id.epoch} ${publish.publisher}`;
    const last = lastOf.get(key);
    if (last !== undefined && (last.serial ?? 0) > publish.serial) {
      violations.push(
        `${publish.publisher}: its update ${publish.serial} entered the history after its later one ` +
          `${last.serial}: out of order`,
      );
    }
    lastOf.set(key, entry);
  }

  let [republished, saved, unheard] = [0, 0, 0];
  for (const publish of publishes) {
    const { publisher, serial, id } = publish;
    const entries = entriesOf.get(serial) ?? [];
    if (publish.failure !== null && !publish.isPlain) {
      violations.push(`${publisher}: its update ${serial} was refused: ${publish.failure}`);
    }
    if (publish.answeredMs === null && !publish.isPlain) {
      violations.push(`${publisher}: it got no answer for its update ${serial}`);
    }
    if (id !== null && history.entry(id)?.serial !== serial) {
      violations.push(`${publisher}: its update ${serial} was acknowledged as ${textOf(id)}, and is not there: lost`);
    }
    if (entries.length === 0) {
      if (publish.isPlain) unheard += 1;
      continue;
    }
    const [first, ...more] = entries;
    more.forEach((entry, index) => {
      const before = entries[index] ?? first;
      if (entry.isCarried) return;
      if (entry.isSaved) {
        saved += 1;
      } else if (before !== undefined && mayEnterAgain(publish, before, entry, history.losses)) {
        republished += 1;
      } else {
        const places = entries.map((each) => textOf(each.id)).join(" and ");
        violations.push(`${publisher}: its update ${serial} is in the history twice, as ${places}: duplicated`);
      }
    });
  }
  return { violations, republished, saved, unheard };
}

/** Whether an update may be there again: its idempotency key was lost with its history while it was being published. */
function mayEnterAgain(publish: Publish, before: Entry, entry: Entry, losses: readonly Loss[]): boolean {
  if (before.id.epoch === entry.id.epoch || compare(before.id, entry.id) > 0) return false;
  // It is not known when an update by plain PUBLISH was adopted.
  const untilMs = publish.hasOpenAttempt || publish.isPlain ? Infinity : (publish.answeredMs ?? Infinity);
  return losses.some(({ fromMs, toMs }) => (publish.calledMs ?? Infinity) <= toMs && untilMs >= fromMs);
}
