import { parseEventId } from "./event_id.ts";
import { type Entry, entryOf, History } from "./history.ts";
import type { Publish } from "./publishes.ts";
import type { Append } from "./write_logs.ts";

interface Found {
  readonly history: History;
  /** Sentences: ids that were given to two updates. */
  readonly violations: readonly string[];
}

/** An update without its id, which every epoch assigns anew. */
function bodyOf({ text }: Entry): string {
  return text.replace(/,"id":"\d+-\d+"\}$/, "");
}

/** The history across failovers: everything that any of the servers has written. */
export function historyOf(appends: Iterable<Append>): Found {
  const history = new History();
  const violations: string[] = [];
  const epochs = new Map<number, Map<number, Entry>>();
  for (const { id, text, isAdopted } of appends) {
    const { epoch, sequence } = parseEventId(id);
    const entries = epochs.get(epoch) ?? new Map<number, Entry>();
    epochs.set(epoch, entries);
    // Every server that was a replica then has it.
    const known = entries.get(sequence);
    if (known !== undefined && known.text !== text) violations.push(`the history: ${id} was given to two updates`);
    if (sequence > 0 && known === undefined) entries.set(sequence, entryOf(id, text, isAdopted));
  }
  let before: readonly Entry[] = [];
  for (const epoch of [...epochs.keys()].sort((left, right) => left - right)) {
    const entries = [...(epochs.get(epoch)?.values() ?? [])].sort(
      (left, right) => left.id.sequence - right.id.sequence,
    );
    let isCarried = true;
    const marked = entries.map((entry, index) => {
      const same = before[index];
      isCarried &&= same !== undefined && bodyOf(same) === bodyOf(entry);
      return { ...entry, isCarried };
    });
    history.begin(epoch);
    history.add(marked);
    before = marked;
  }
  return { history, violations };
}

/** The updates that are not in the last history though they were acknowledged. */
export function lostAcknowledged(history: History, publishes: readonly Publish[]): Publish[] {
  const last = history.begun.at(-1);
  const held = new Set(history.entries.filter(({ id }) => id.epoch === last).map(({ serial }) => serial));
  return publishes.filter(({ id, serial }) => id !== null && !held.has(serial));
}
