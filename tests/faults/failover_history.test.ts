import { expect, test } from "vitest";

import { parseEventId } from "./event_id.ts";
import { historyOf, lostAcknowledged } from "./failover_history.ts";
import { numbered } from "./history.ts";
import { judge } from "./oracle.ts";
import type { Publish } from "./publishes.ts";
import { publishOf } from "./workload.ts";
import type { Append } from "./write_logs.ts";

const append = (id: string, serial: number): Append => ({
  ...{ id, isAdopted: false },
  text: JSON.stringify({ registrationId: 7, status: "PENDING", message: numbered(serial, "hello"), id }),
});
const begin = (epoch: number): Append => ({ id: `${epoch}-0`, text: "", isAdopted: false });
const epochOf = (epoch: number, ...serials: readonly number[]): Append[] => [
  begin(epoch),
  ...serials.map((serial, index) => append(`${epoch}-${index + 1}`, serial)),
];
const published = (serial: number, id: string | null, answeredMs: number): Publish => ({
  ...publishOf({ publisher: "cpp", serial, registrationId: 7 }),
  ...{ calledMs: 100 * serial, answeredMs, id: id === null ? null : parseEventId(id) },
});

function judged(appends: readonly Append[], publishes: readonly Publish[]) {
  const { history, violations } = historyOf(appends);
  history.losses.push({ fromMs: 300, toMs: 400 });
  const verdict = judge({
    history,
    publishes,
    clients: [],
    observations: [],
    views: { fingerprintAt: () => undefined },
  });
  return {
    ...verdict,
    violations: [...violations, ...verdict.violations],
    lost: lostAcknowledged(history, publishes).map(({ serial }) => serial),
  };
}

const before = [published(1, "10-1", 105), published(2, "10-2", 205)];

test("an update that the next primary takes over is not a duplicate; one that it has twice is", () => {
  const publishes = [...before, published(3, "20-3", 500)];
  expect(judged([...epochOf(10, 1, 2, 3), ...epochOf(20, 1, 2, 3)], publishes)).toMatchObject({
    violations: [],
    republished: 0,
    lost: [],
  });
  // The third update was lost before it was acknowledged.
  const sentAgain = [...epochOf(10, 1, 2, 3), ...epochOf(20, 1, 2), ...epochOf(30, 1, 2, 3)];
  expect(judged(sentAgain, [...before, published(3, "30-3", 500)])).toMatchObject({
    violations: [],
    republished: 1,
    lost: [],
  });
  const doubled = [...epochOf(10, 1, 2, 3), ...epochOf(20, 1, 2, 3, 3)];
  expect(judged(doubled, publishes).violations).toEqual([expect.stringMatching(/its update 3 .*: duplicated$/)]);
});

test("an update that was acknowledged and not taken over is lost", () => {
  const publishes = [...before, published(3, "10-3", 300)];
  expect(judged([...epochOf(10, 1, 2, 3), ...epochOf(20, 1, 2)], publishes)).toMatchObject({
    violations: [],
    lost: [3],
  });
});

test("servers may have fewer updates than others, but no different ones under the same id", () => {
  const others = epochOf(10, 1).slice(1);
  expect(judged([...epochOf(10, 1, 2), ...others], before).violations).toEqual([]);
  expect(judged([...epochOf(10, 1, 2), append("10-1", 2)], before).violations).toEqual([
    "the history: 10-1 was given to two updates",
  ]);
});

test("a gap in what the servers have written is an error", () => {
  expect(() => judged([begin(10), append("10-2", 2)], before)).toThrow("the history holds 10-2 after 0 updates");
});
