import { describe, expect, it } from "vitest";

import { isBehind, reaches } from "../../src/tabs/cursor.js";
import type { ElectionAction } from "../../src/tabs/election.js";
import { answerMsMax, Election, isNewer, lateMsMax, silenceMsMax } from "../../src/tabs/election.js";

const time = 1_700_000_000_000;

function actionsOf(election: Election): readonly ElectionAction[] {
  const actions: ElectionAction[] = [];
  for (let action = election.poll(); action !== null; action = election.poll()) {
    actions.push(action);
  }
  return actions;
}

/** A tab that waits for the lock since 0, as attempt 1. */
function waiting({ isVisible }: { readonly isVisible: boolean }): Election {
  const election = new Election("b");
  election.join(isVisible, 0);
  expect(actionsOf(election)).toEqual([{ kind: "request_lock", attempt: 1, steals: false }]);
  return election;
}

function leading(): Election {
  const election = waiting({ isVisible: true });
  election.granted(1, time);
  expect(actionsOf(election)).toEqual([{ kind: "lead", term: { began: time, tab: "b" } }]);
  return election;
}

describe("the election", () => {
  it("lets a visible tab without messages ask, and then take the lock", () => {
    const election = waiting({ isVisible: true });
    expect(election.deadline()).toBe(silenceMsMax);
    election.handleDeadline(silenceMsMax - 1);
    expect(actionsOf(election)).toEqual([]);
    election.handleDeadline(silenceMsMax);
    expect(actionsOf(election)).toEqual([{ kind: "ask" }]);
    expect(election.deadline()).toBe(silenceMsMax + answerMsMax);
    election.handleDeadline(silenceMsMax + answerMsMax);
    expect(actionsOf(election)).toEqual([
      { kind: "release_lock", attempt: 1 },
      { kind: "request_lock", attempt: 2, steals: true },
    ]);
  });

  it("lets it ask again if it was suspended when the answer could have come", () => {
    const election = waiting({ isVisible: true });
    election.handleDeadline(silenceMsMax);
    election.handleDeadline(silenceMsMax + answerMsMax + lateMsMax + 1);
    expect(actionsOf(election)).toEqual([{ kind: "ask" }, { kind: "ask" }]);
  });

  it("lets no hidden tab ask, and one that becomes visible ask at once", () => {
    const election = waiting({ isVisible: false });
    expect(election.deadline()).toBe(Infinity);
    election.setVisible(true);
    expect(election.deadline()).toBe(silenceMsMax);
  });

  it("is quiet as long as the owner posts something", () => {
    const election = waiting({ isVisible: true });
    election.handleDeadline(silenceMsMax);
    expect(election.heard({ began: time, tab: "a" }, silenceMsMax + 1)).toBe(true);
    expect(election.deadline()).toBe(2 * silenceMsMax + 1);
  });

  it("stops an owner at once whose lock was stolen, or that hears of a newer one", () => {
    const robbed = leading();
    robbed.lost(1, 5);
    expect(actionsOf(robbed)).toEqual([{ kind: "stop" }, { kind: "request_lock", attempt: 2, steals: false }]);
    const old = leading();
    expect(old.heard({ began: time + 1, tab: "a" }, 5)).toBe(true);
    expect(actionsOf(old).map(({ kind }) => kind)).toEqual(["stop", "release_lock", "request_lock"]);
  });

  it("ignores a former owner", () => {
    const election = leading();
    expect(election.heard({ began: time - 1, tab: "z" }, 5)).toBe(false);
    expect(election.heard({ began: time, tab: "a" }, 5)).toBe(false);
    expect(actionsOf(election)).toEqual([]);
  });

  it("begins a term after every known one, also if the calendar was set back", () => {
    const election = waiting({ isVisible: true });
    election.heard({ began: time + 500, tab: "a" }, 1);
    election.granted(1, time);
    expect(actionsOf(election)).toEqual([{ kind: "lead", term: { began: time + 501, tab: "b" } }]);
  });

  it("releases a lock at once that is granted to a tab that is away, or asks no more", () => {
    const election = waiting({ isVisible: true });
    election.leave();
    election.granted(1, time);
    election.join(true, 7);
    election.lost(1, 8);
    expect(actionsOf(election)).toEqual([
      { kind: "release_lock", attempt: 1 },
      { kind: "release_lock", attempt: 1 },
      { kind: "request_lock", attempt: 2, steals: false },
    ]);
  });

  it("stops an owner that leaves, and is then away for good", () => {
    const election = leading();
    election.leave();
    election.leave();
    election.handleDeadline(1e9);
    expect(actionsOf(election)).toEqual([{ kind: "stop" }, { kind: "release_lock", attempt: 1 }]);
  });

  it("orders terms by their beginning, then by tab", () => {
    expect(isNewer({ began: 2, tab: "a" }, { began: 1, tab: "b" })).toBe(true);
    expect(isNewer({ began: 1, tab: "b" }, { began: 1, tab: "a" })).toBe(true);
    expect(isNewer({ began: 1, tab: "a" }, { began: 1, tab: "a" })).toBe(false);
  });
});

describe("cursors", () => {
  it.each<[a: string, b: string, behind: boolean]>([
    ["5-2", "5-1", true],
    ["5-10", "5-9", true],
    ["10-0", "9-99", true],
    ["5-1", "5-1", false],
    ["5-1", "5-2", false],
    ["5-1", "", true],
    ["", "5-1", false],
    ["", "", false],
    ["x", "5-1", false],
    ["5-1", "x", false],
    ["x", "", false],
  ])("%j is later than %j: %s", (a, b, behind) => {
    expect(isBehind(a, b)).toBe(behind);
    expect(reaches(a, b)).toBe(behind || a === b);
  });
});
