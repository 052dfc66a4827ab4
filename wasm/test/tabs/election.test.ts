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

/** One that waits for the lock since 0, as attempt 1. */
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
  it("has a visible tab that hears nothing ask, and then take the lock", () => {
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

  it("has it ask again where it did not run when the answer could have come", () => {
    const election = waiting({ isVisible: true });
    election.handleDeadline(silenceMsMax);
    election.handleDeadline(silenceMsMax + answerMsMax + lateMsMax + 1);
    expect(actionsOf(election)).toEqual([{ kind: "ask" }, { kind: "ask" }]);
  });

  it("has no hidden tab ask, and one that is looked at again ask at once", () => {
    const election = waiting({ isVisible: false });
    expect(election.deadline()).toBe(Infinity);
    election.setVisible(true);
    expect(election.deadline()).toBe(silenceMsMax);
  });

  it("is quiet for as long as the owner says something", () => {
    const election = waiting({ isVisible: true });
    election.handleDeadline(silenceMsMax);
    expect(election.heard({ began: time, tab: "a" }, silenceMsMax + 1)).toBe(true);
    expect(election.deadline()).toBe(2 * silenceMsMax + 1);
  });

  it("has an owner stop at once that was robbed, or hears of a newer one", () => {
    const robbed = leading();
    robbed.lost(1, 5);
    expect(actionsOf(robbed)).toEqual([{ kind: "stop" }, { kind: "request_lock", attempt: 2, steals: false }]);
    const old = leading();
    expect(old.heard({ began: time + 1, tab: "a" }, 5)).toBe(true);
    expect(actionsOf(old).map(({ kind }) => kind)).toEqual(["stop", "release_lock", "request_lock"]);
  });

  it("ignores an owner that is none any more", () => {
    const election = leading();
    expect(election.heard({ began: time - 1, tab: "z" }, 5)).toBe(false);
    expect(election.heard({ began: time, tab: "a" }, 5)).toBe(false);
    expect(actionsOf(election)).toEqual([]);
  });

  it("begins a term behind each that it has heard of, also where the calendar was set back", () => {
    const election = waiting({ isVisible: true });
    election.heard({ began: time + 500, tab: "a" }, 1);
    election.granted(1, time);
    expect(actionsOf(election)).toEqual([{ kind: "lead", term: { began: time + 501, tab: "b" } }]);
  });

  it("gives back at once what is granted to a tab that is away, or asks no more", () => {
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

  it("stops an owner that leaves, and is away for good then", () => {
    const election = leading();
    election.leave();
    election.leave();
    election.handleDeadline(1e9);
    expect(actionsOf(election)).toEqual([{ kind: "stop" }, { kind: "release_lock", attempt: 1 }]);
  });

  it("orders terms by their beginning, and by tab where that is the same", () => {
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
  ])("%j stands behind %j: %s", (a, b, behind) => {
    expect(isBehind(a, b)).toBe(behind);
    expect(reaches(a, b)).toBe(behind || a === b);
  });
});
