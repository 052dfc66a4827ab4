import { beforeEach, describe, expect, it } from "vitest";

import type { Batch } from "../../src/tabs/messages.js";
import { journalSizeMax, Shard } from "../../src/tabs/shard.js";

const status = {
  connection: "open",
  reason: "accepted",
  isConnected: true,
  transport: "eventsource",
  error: null,
} as const;

/** A batch of updates after `5-<after>`, up to `5-<upTo>`. */
function batch(after: number, upTo: number, more: Partial<Batch> = {}): Batch {
  const updates = Array.from({ length: upTo - after }, (_, index) => ({ id: `5-${after + 1 + index}` }));
  return { after: `5-${after}`, upTo: `5-${upTo}`, updates, views: [], covered: [], resets: 0, ...more };
}

function idsOf(applied: ReturnType<Shard["apply"]>): readonly (string | undefined)[] {
  return applied.kind === "applied" ? applied.updates.map(({ id }) => id) : [applied.kind];
}

let shard: Shard;

beforeEach(() => {
  shard = new Shard();
  shard.read({ ids: [42], covered: [42], cursor: "5-0", status });
  shard.apply({ after: null, upTo: "5-0", updates: [], views: [[42, "a view"]], covered: [42], resets: 0 });
});

describe("a tab's copy of a stream", () => {
  it("continues from its position, once", () => {
    expect(idsOf(shard.apply(batch(0, 2)))).toEqual(["5-1", "5-2"]);
    expect(idsOf(shard.apply(batch(0, 2)))).toEqual(["duplicate"]);
    expect(shard.cursor).toBe("5-2");
  });

  it("applies the new part of a batch", () => {
    shard.apply(batch(0, 2));
    const applied = shard.apply(batch(1, 4));
    expect(applied).toMatchObject({ updates: [{ id: "5-3" }, { id: "5-4" }] });
  });

  it("does not apply a batch that begins behind it, or without a cursor", () => {
    expect(idsOf(shard.apply(batch(1, 2)))).toEqual(["missed"]);
    expect(idsOf(shard.apply({ ...batch(0, 2), after: "" }))).toEqual(["missed"]);
    expect(shard.isSynced).toBe(false);
    expect(idsOf(new Shard().apply(batch(0, 1)))).toEqual(["missed"]);
  });

  it("begins anew if it can't continue, which counts as a reset unless its position is the same", () => {
    const anew = { ...batch(6, 6), after: null };
    expect(shard.apply(anew)).toMatchObject({ kind: "applied", resets: 1 });
    expect(shard.apply(anew)).toMatchObject({ kind: "applied", resets: 0 });
    expect(new Shard().apply(anew)).toMatchObject({ kind: "applied", resets: 0 });
  });

  it("gives another tab what it lacks, as one batch, and nothing to a tab that is up to date", () => {
    shard.apply(batch(0, 2, { views: [[42, "another"]] }));
    shard.apply(batch(2, 3));
    const at = (cursor: string | null, covered = [42]) => shard.missingAt({ cursor, covered });
    expect(at("5-3")).toBeNull();
    expect(at("5-9")).toBeNull();
    expect(at("5-1")).toMatchObject({ after: "5-1", upTo: "5-3", updates: [{ id: "5-2" }, { id: "5-3" }] });
    expect(at("5-2")).toMatchObject({ after: "5-2", updates: [{ id: "5-3" }], views: [[42, "another"]] });
    expect(at("5-3", [])).toMatchObject({ after: "5-3", updates: [], views: [[42, "another"]], covered: [42] });
    expect(at("4-9")).toMatchObject({ after: null, upTo: "5-3", updates: [] });
    expect(at(null)).toMatchObject({ after: null, upTo: "5-3", updates: [] });
  });

  it("keeps a bounded journal for others", () => {
    const quarter = (sequence: number) => {
      const [update] = batch(sequence, sequence + 1).updates;
      const rest = JSON.stringify([{ ...update, message: "" }]).length;
      return [{ ...update, message: "x".repeat(journalSizeMax / 4 - rest) }];
    };
    for (let sequence = 0; sequence < 5; ++sequence) {
      shard.apply(batch(sequence, sequence + 1, { updates: quarter(sequence) }));
    }
    expect(shard.missingAt({ cursor: "5-0", covered: [42] })?.after).toBeNull();
    expect(shard.missingAt({ cursor: "5-1", covered: [42] })?.updates).toHaveLength(4);
    shard.apply(batch(5, 6, { updates: [{ ...quarter(5)[0], message: "x".repeat(journalSizeMax) } as object] }));
    expect(shard.missingAt({ cursor: "5-5", covered: [42] })?.after).toBeNull();
  });

  it("drops the view of an instance that is no longer covered", () => {
    shard.read({ ids: [42], covered: [], cursor: "5-0", status });
    expect(shard.view(42)).toBe("");
    expect(shard.covers(42)).toBe(false);
  });
});
