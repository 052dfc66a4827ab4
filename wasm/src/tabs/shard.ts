import { isBehind, reaches } from "./cursor.js";
import type { AnyUpdate, Batch, Id, ShardPlace, ShardReport, ShardStatus } from "./messages.js";

/**
 * The updates that a tab keeps for tabs that missed them, in characters of JSON. A tab that missed more gets the views.
 */
export const journalSizeMax = 1 << 20;

/** The status of a stream that is about to be opened. */
export const idle: ShardStatus = {
  connection: "connecting",
  reason: "requested",
  isConnected: false,
  transport: null,
  error: null,
};

/**
 * The result of applying a batch: its new part, or why there is none. `duplicate`: applied before. `missed`: it does
 * not follow on this tab's position.
 */
export type Applied =
  | { readonly kind: "applied"; readonly updates: readonly AnyUpdate[]; readonly resets: number }
  | { readonly kind: "duplicate" }
  | { readonly kind: "missed" };

/**
 * One tab's copy of one of the owner's streams. The next owner continues from its copy. An update that a tab has
 * received is at or before its cursor, and a batch that begins elsewhere is not applied: so no update comes twice, and
 * none is lost silently.
 */
export class Shard {
  ids: ReadonlySet<Id> = new Set();
  /** The instances whose updates up to the cursor this tab has received. */
  covered: ReadonlySet<Id> = new Set();
  status: ShardStatus = idle;
  /** Null: this tab has received nothing yet. */
  #cursor: string | null = null;
  // How far the owner is.
  #ownerCursor = "";
  #ownerCovered: readonly Id[] = [];
  readonly #views = new Map<Id, string>();
  #journal: { readonly after: string; readonly batch: Batch; readonly size: number }[] = [];
  #journalSize = 0;

  get cursor(): string | null {
    return this.#cursor;
  }

  /** A view in the form of `ViewReader.toJson`. Empty: none yet. */
  view(id: Id): string {
    return this.#views.get(id) ?? "";
  }

  /** Whether this tab receives every update of the instance. */
  covers(id: Id): boolean {
    return this.#cursor !== null && this.ids.has(id) && this.covered.has(id);
  }

  /** Whether this tab has everything that the owner has, or more: an owner that is behind will post it again. */
  get isSynced(): boolean {
    return this.#cursor !== null && isUpTo(this.place, this.#ownerCursor, this.#ownerCovered);
  }

  get place(): ShardPlace {
    return { cursor: this.#cursor, covered: [...this.covered] };
  }

  report(): ShardReport {
    const { ids, covered, status } = this;
    return { ids: [...ids], covered: [...covered], cursor: this.#cursor ?? "", status };
  }

  read({ ids, covered, cursor, status }: ShardReport): void {
    this.covered = new Set(covered.filter((id) => this.covered.has(id)));
    this.setIds(new Set(ids));
    this.status = status;
    this.#ownerCursor = cursor;
    this.#ownerCovered = covered;
  }

  setIds(ids: ReadonlySet<Id>): void {
    this.covered = new Set([...this.covered].filter((id) => ids.has(id)));
    // The view of an instance that is no longer covered may be stale.
    for (const id of [...this.#views.keys()].filter((known) => !this.covered.has(known))) {
      this.#views.delete(id);
    }
    this.ids = ids;
  }

  /** Begins a stream at the start, since no other tab can provide more. */
  begin(): void {
    this.#cursor ??= "";
  }

  apply(batch: Batch): Applied {
    const { after, upTo, views } = batch;
    const before = this.#cursor;
    this.#ownerCursor = upTo;
    if (after === null) {
      this.#journal = [];
      this.#journalSize = 0;
      this.#views.clear();
      this.covered = new Set();
    } else if (before === null) {
      return { kind: "missed" };
    } else if (after !== before) {
      if (reaches(before, upTo)) {
        return { kind: "duplicate" };
      }
      // A stream that began without a cursor lacks what came before.
      if (after === "" || !isBehind(before, after) || !isBehind(upTo, before)) {
        return { kind: "missed" };
      }
    }
    const updates = after === before || after === null ? batch.updates : newerThan(before ?? "", batch.updates);
    views.forEach(([id, text]) => this.#views.set(id, text));
    this.covered = new Set([...this.covered, ...batch.covered]);
    if (after !== null && before !== null) {
      this.#remember(before, { ...batch, updates });
    }
    this.#cursor = upTo;
    const beganAnew = after === null && before !== null && before !== upTo;
    return { kind: "applied", updates, resets: batch.resets + (beganAnew ? 1 : 0) };
  }

  /** What a tab at `place` lacks; null: nothing. */
  missingAt(place: ShardPlace): Batch | null {
    const { cursor } = this.report();
    return place.cursor !== null && isUpTo(place, cursor, [...this.covered])
      ? null
      : ((place.cursor === null ? null : this.#since(place.cursor)) ?? this.#baseline());
  }

  /** What came after `cursor`, as one batch; null: the journal no longer reaches back that far. */
  #since(cursor: string): Batch | null {
    const first = this.#journal.findIndex(
      ({ after, batch: { upTo } }) =>
        (after === cursor && upTo !== cursor) || (after !== "" && isBehind(cursor, after) && isBehind(upTo, cursor)),
    );
    if (first < 0 && cursor !== this.#cursor) {
      return null;
    }
    const entries = first < 0 ? [] : this.#journal.slice(first);
    const isWhole = entries[0]?.after === cursor;
    const updates = entries.flatMap(({ batch }, index) =>
      index > 0 || isWhole ? batch.updates : newerThan(cursor, batch.updates),
    );
    const resets = entries.reduce((sum, { batch }) => sum + batch.resets, 0);
    return { ...this.#baseline(), after: cursor, updates, resets };
  }

  /** Everything, for a tab that has nothing. */
  #baseline(): Batch {
    const { covered, cursor } = this.report();
    return { after: null, upTo: cursor, updates: [], views: [...this.#views], covered, resets: 0 };
  }

  #remember(after: string, batch: Batch): void {
    // Even an empty list has a size above zero.
    const size = JSON.stringify(batch.updates).length;
    // Views are kept once, in their current state.
    this.#journal.push({ after, batch: { ...batch, views: [], covered: [] }, size });
    this.#journalSize += size;
    while (this.#journalSize > journalSizeMax) {
      this.#journalSize -= this.#journal.shift()?.size ?? 0;
    }
  }
}

/** Whether a tab at `place` has everything up to `cursor`. */
function isUpTo(place: ShardPlace, cursor: string, covered: readonly Id[]): boolean {
  const at = place.cursor ?? "";
  return isBehind(at, cursor) || (at === cursor && covered.every((id) => place.covered.includes(id)));
}

function newerThan(cursor: string, updates: readonly AnyUpdate[]): readonly AnyUpdate[] {
  return updates.filter(({ id }) => id === undefined || !reaches(cursor, id));
}
