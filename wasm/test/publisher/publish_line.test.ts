import { describe, expect, it } from "vitest";

import type { PassingError } from "../../src/generated/passing_errors.js";
import { PublishError } from "../../src/publisher/publish_errors.js";
import { type LineAction, PublishLine } from "../../src/publisher/publish_line.js";
import type { Publish, Sending } from "../../src/publisher/publish_queue.js";

const limits = { waitingMax: 3, waitingBytesMax: 100, batchesInFlightMax: 5 };
const away = new PublishError("unreachable", "away");
const unreplicated = new PublishError("unreplicated", "no replica has it");
const full: PassingError = { code: "OOM", reason: "full" };
const replica: PassingError = { code: "READONLY", reason: "a replica", needsNewConnection: true };
const isReady = () => true;

function publish(message: string): Publish {
  return { message, key: null, bytes: 1, resolve: () => undefined, reject: () => undefined };
}

/** Its actions as texts. */
function actions(line: PublishLine): string[] {
  const words: string[] = [];
  for (let action = line.poll(); action !== undefined; action = line.poll()) {
    words.push(...describeAction(action));
  }
  return words;
}

function describeAction(action: LineAction): string[] {
  switch (action.kind) {
    case "settle":
      return action.publishes.map(({ message }, index) => {
        const result = action.results[index];
        return `${message}: ${typeof result === "string" ? result : result?.kind}`;
      });
    case "report trouble":
      return [`trouble: ${action.trouble.kind}`];
    default:
      return [action.kind];
  }
}

function lineWith(...messages: string[]): PublishLine {
  const line = new PublishLine(limits, 60_000, () => 1);
  messages.forEach((message) => line.push(publish(message), 0));
  return line;
}

function nextSending(line: PublishLine, now = 0): Sending {
  return line.next(now, isReady) as Sending;
}

describe("a line of updates", () => {
  it("reports the result of each", () => {
    const line = lineWith("a", "b");
    line.onResults(nextSending(line), ["1-1", new PublishError("refused", "no JSON")], 0);
    expect(actions(line)).toEqual(["trouble: refused", "a: 1-1", "b: refused"]);
    expect([line.count, line.nextDeadline()]).toEqual([0, null]);
  });

  it("pauses if Redis can't be reached, longer each time, and reports the recovery once", () => {
    const line = lineWith("a");
    let now = 0;
    for (const delayMs of [250, 500, 1_000, 2_000, 4_000, 5_000, 5_000]) {
      line.onFailed(nextSending(line, now), away, null, now);
      expect(line.next(now + delayMs - 1, isReady)).toBeNull();
      line.onDeadline(now + delayMs - 1);
      expect(line.next(now + delayMs - 1, isReady)).toBeNull();
      now += delayMs;
      line.onDeadline(now);
    }
    line.onResults(nextSending(line, now), ["1-1"], now);
    expect(actions(line).filter((word) => word !== "find primary")).toEqual([
      "trouble: unreachable",
      "report recovery",
      "a: 1-1",
    ]);
  });

  it("pauses once if all in flight fail", () => {
    const line = lineWith("a");
    const first = nextSending(line);
    line.push(publish("b"), 0);
    const second = nextSending(line);
    line.onFailed(first, away, null, 0);
    line.onFailed(second, away, null, 0);
    expect(line.nextDeadline()).toBe(250);
  });

  it("is tried at once when the client is connected again, with the updates that it may have forgotten", () => {
    const line = lineWith("a");
    const forgotten = nextSending(line);
    line.onReady(1);
    expect(line.isAwaited(forgotten)).toBe(false);
    const again = nextSending(line, 1);
    expect(again.batch).toBe(forgotten.batch);
    line.onFailed(again, away, null, 1);
    line.onReady(2);
    expect(nextSending(line, 2).batch).toBe(forgotten.batch);
  });

  it("reconnects the client after the pause if a replica refused", () => {
    const line = lineWith("a");
    line.onFailed(nextSending(line), away, replica, 0);
    line.onReady(1); // Still to the replica.
    expect(line.next(1, isReady)).toBeNull();
    line.onDeadline(250);
    expect(actions(line)).toEqual(["trouble: unreachable", "reconnect"]);
    line.onReconnecting(250);
    expect(line.next(250, isReady)).toBeNull();
    line.onReady(260);
    expect(nextSending(line, 260)).not.toBeNull();
  });

  it("asks where the history is while the client is not connected to it, and sends nothing", () => {
    const line = lineWith("a");
    expect(line.next(0, () => false)).toBeNull();
    expect(line.next(0, isReady)).toBeNull();
    expect(actions(line)).toEqual(["find primary"]);
    line.onDeadline(250);
    expect(nextSending(line, 250)).not.toBeNull();
  });

  it("does not ask whether the client is connected while there is nothing to send", () => {
    const line = lineWith();
    expect(line.next(0, () => expect.fail())).toBeNull();
  });

  it("reports two seconds without progress, and asks where the history is until there is some", () => {
    const line = lineWith("a");
    const kept = nextSending(line);
    expect(line.nextDeadline()).toBe(2_000);
    line.onDeadline(2_000);
    line.onDeadline(4_000);
    expect(actions(line)).toEqual(["find primary", "trouble: unreachable", "find primary"]);
    line.onResults(kept, ["1-1"], 4_500);
    expect(actions(line)).toEqual(["report recovery", "a: 1-1"]);
  });

  it("gives up updates that may be in the history before Redis forgets them, though a client keeps them", () => {
    const line = lineWith("a");
    const kept = nextSending(line);
    line.push(publish("b"), 0);
    line.onDeadline(54_999);
    expect(line.isAwaited(kept)).toBe(true);
    line.onDeadline(55_000);
    expect(actions(line)).toContain("a: unknown_outcome");
    expect(nextSending(line, 55_000).batch.publishes.map(({ message }) => message)).toEqual(["b"]);
    line.onResults(kept, ["1-1"], 55_001);
    expect(actions(line)).not.toContain("a: 1-1");
  });

  it("waits through temporary refusals as long as they last", () => {
    const line = lineWith("a");
    for (let now = 0; now < 600_000; now += 10_000) {
      line.onDeadline(now);
      line.onFailed(nextSending(line, now), away, full, now);
    }
    expect(actions(line)).not.toContain("a: unknown_outcome");
  });

  it("sends updates again that too few replicas have, as possibly in the history", () => {
    const line = lineWith("a");
    const short = nextSending(line);
    line.onFailed(short, unreplicated, null, 0);
    line.onDeadline(250);
    const again = nextSending(line, 250);
    expect(again.batch).toBe(short.batch);
    line.onFailed(again, unreplicated, null, 300);
    line.onDeadline(2_000);
    line.onResults(nextSending(line, 2_000), ["1-1"], 2_100);
    expect(actions(line)).toEqual(["trouble: unreplicated", "find primary", "report recovery", "a: 1-1"]);
  });

  it("refuses updates over its limits, and reports it once", () => {
    const line = lineWith("a", "b", "c", "d", "e");
    expect(actions(line)).toEqual(["trouble: full", "d: full", "e: full"]);
  });

  it("continues after an update that Redis refuses", () => {
    const line = lineWith("a");
    const first = nextSending(line);
    line.push(publish("b"), 0);
    const second = nextSending(line);
    line.onRefused(first, new PublishError("refused", "no"), 0);
    line.onOutOfOrder(second);
    expect(actions(line)).toEqual(["trouble: refused", "a: refused"]);
    const again = nextSending(line);
    expect([again.batch.first, again.isFirstInLine]).toEqual([3, true]);
  });

  it("does not report an update as refused that may be in the history already", () => {
    const line = lineWith("a");
    line.onFailed(nextSending(line), away, null, 0);
    line.onDeadline(250);
    line.onRefused(nextSending(line, 250), new PublishError("refused", "no"), 250);
    expect(actions(line)).toEqual(["trouble: unreachable", "trouble: unknown_outcome", "a: unknown_outcome"]);
  });

  it("settles every update when closed", () => {
    const line = lineWith("a");
    const sent = nextSending(line);
    line.push(publish("b"), 0);
    line.close();
    line.push(publish("c"), 0);
    line.onResults(sent, ["1-1"], 0);
    expect(actions(line)).toEqual(["a: unknown_outcome", "b: closed", "c: closed"]);
    expect([line.count, line.nextDeadline(), line.next(0, isReady)]).toEqual([0, null, null]);
  });
});
