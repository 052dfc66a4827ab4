import type { Redis } from "ioredis";

import { historyKey } from "../processes/redis.ts";
import { type EventId, parseEventId, textOf } from "./event_id.ts";
import { fingerprint } from "./fingerprint.ts";

/** An update in the history (format: native/broker/scripts/history). */
export interface Entry {
  readonly id: EventId;
  /** The fingerprint of the update's text, exactly as streams carry it. */
  readonly fingerprint: string;
  readonly registrationId: number;
  /** The publisher's number for it; null: it is not the run's. */
  readonly serial: number | null;
  readonly isAdopted: boolean;
  /** It has an id of a lost history, too: a gateway had received it and not found it in the new one. */
  readonly isSaved: boolean;
  /** The history before this one had it at the same place: a server took it over and gave it a new id. */
  readonly isCarried: boolean;
  readonly text: string;
}

/** The time within which a history was lost. */
export interface Loss {
  readonly fromMs: number;
  readonly toMs: number;
}

/** A message text that includes a serial. */
export function numbered(serial: number, text: string): string {
  return `#${serial} ${text}`;
}

export function entryOf(id: string, text: string, isAdopted: boolean): Entry {
  const update = JSON.parse(text) as { registrationId: number; message?: string };
  const serial = /^#(\d+) /.exec(update.message ?? "")?.[1];
  return {
    id: parseEventId(id),
    fingerprint: fingerprint(text),
    registrationId: update.registrationId,
    serial: serial === undefined ? null : Number(serial),
    isAdopted,
    isSaved: isAdopted && /"id":"\d+-\d+","id":"\d+-\d+"\}$/.test(text),
    isCarried: false,
    text,
  };
}

/** Everything that has ever entered the history, by epoch. Everything is judged by it. */
export class History {
  readonly losses: Loss[] = [];
  private readonly epochs = new Map<number, Entry[]>();
  /** The sequence numbers of a registration's updates within an epoch. */
  private readonly sequences = new Map<string, number[]>();

  /** Begins an epoch, which may be lost before it has an update. */
  begin(epoch: number): void {
    if (!this.epochs.has(epoch)) this.epochs.set(epoch, []);
  }

  /** Adds entries. Epochs must be complete: a history is read before it is lost, or when publishing has ended. */
  add(entries: readonly Entry[]): void {
    for (const entry of entries) {
      const { epoch, sequence } = entry.id;
      this.begin(epoch);
      const held = this.epochs.get(epoch) ?? [];
      if (sequence !== held.length + 1)
        throw new Error(`the history holds ${textOf(entry.id)} after ${held.length} updates`);
      held.push(entry);
      const key = `${epoch} ${entry.registrationId}`;
      const ofRegistration = this.sequences.get(key) ?? [];
      ofRegistration.push(sequence);
      this.sequences.set(key, ofRegistration);
    }
  }

  /** The epochs, oldest first. */
  get begun(): number[] {
    return [...this.epochs.keys()].sort((left, right) => left - right);
  }

  /** Every entry, oldest first. */
  get entries(): Entry[] {
    return this.begun.flatMap((epoch) => this.epochs.get(epoch) ?? []);
  }

  /** The newest entry; null: there is none. */
  get end(): EventId | null {
    return this.entries.at(-1)?.id ?? null;
  }

  entry({ epoch, sequence }: EventId): Entry | undefined {
    return this.epochs.get(epoch)?.[sequence - 1];
  }

  /** Whether a client can be there: at an entry, or at its epoch's beginning. */
  hasPosition({ epoch, sequence }: EventId): boolean {
    return sequence <= (this.epochs.get(epoch)?.length ?? -1);
  }

  /** The first update of the same epoch after `position` for `registrationId`; null: for any registration. */
  nextAfter(position: EventId, registrationId: number | null): EventId | null {
    const { epoch } = position;
    if (registrationId === null) {
      const next = { epoch, sequence: position.sequence + 1 };
      return this.entry(next) === undefined ? null : next;
    }
    const sequences = this.sequences.get(`${epoch} ${registrationId}`) ?? [];
    const sequence = sequences[countUpTo(sequences, position.sequence)];
    return sequence === undefined ? null : { epoch, sequence };
  }

  /** The registration's last update of the same epoch up to and including `position`. */
  lastUpTo(position: EventId, registrationId: number): EventId | null {
    const sequences = this.sequences.get(`${position.epoch} ${registrationId}`) ?? [];
    const sequence = sequences[countUpTo(sequences, position.sequence) - 1];
    return sequence === undefined ? null : { epoch: position.epoch, sequence };
  }
}

/** How many of the ascending numbers are at most `most`. */
function countUpTo(ascending: readonly number[], most: number): number {
  let [low, high] = [0, ascending.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ascending[middle] ?? 0) <= most) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Reads the current history. */
export async function readHistory(redis: Redis, history: History): Promise<void> {
  addAnswers(history, await redis.multi().xrange(historyKey, "-", "+").xinfo("STREAM", historyKey).exec());
}

/** Empties Redis. Reads the history in the same step, so that nothing enters it unobserved. */
export async function emptyRedis(redis: Redis, history: History): Promise<void> {
  const fromMs = Date.now();
  addAnswers(history, await redis.multi().xrange(historyKey, "-", "+").xinfo("STREAM", historyKey).flushall().exec());
  history.losses.push({ fromMs, toMs: Date.now() });
}

/** Reads the history and calls `lose`, which has to end Redis. Nothing can be written in between. */
export async function loseRedis(redis: Redis, history: History, lose: () => Promise<void>): Promise<void> {
  const fromMs = Date.now();
  await redis.call("CLIENT", "PAUSE", "60000", "WRITE");
  await readHistory(redis, history);
  await lose();
  history.losses.push({ fromMs, toMs: Date.now() });
}

/** Adds the answers of XRANGE and XINFO. The latter fails without a history. */
function addAnswers(history: History, answers: readonly [error: unknown, answer: unknown][] | null): void {
  const [[, range] = [], [, info] = []] = answers ?? [];
  if (!Array.isArray(range)) throw new Error("Redis gave no history");
  if (Array.isArray(info)) history.begin(parseEventId(String(info[info.indexOf("last-generated-id") + 1])).epoch);
  for (const [id, fields] of range as [id: string, fields: string[]][]) {
    history.add([entryOf(id, fields[fields.indexOf("message") + 1] ?? "", fields.includes("adopted"))]);
  }
}
