import { describe, expect, test } from "vitest";

import type { Client, Views } from "./client_judge.ts";
import { parseEventId, textOf } from "./event_id.ts";
import { entryOf, History, numbered } from "./history.ts";
import { parseObservation } from "./observations.ts";
import { judge, type Verdict } from "./oracle.ts";
import type { Publish } from "./publishes.ts";
import { publishOf } from "./workload.ts";

const follower: Client = { name: "follower", registrationId: 7, isPage: false };
const everything: Client = { name: "everything", registrationId: null, isPage: false };

/** Updates of two registrations, 7 and 8 in turn, in an epoch that was lost and in the one after it. */
const registrationOf = (serial: number): number => (serial % 2 === 1 ? 7 : 8);
const textOfSerial = (id: string, serial: number): string =>
  JSON.stringify({ registrationId: registrationOf(serial), status: "PENDING", message: numbered(serial, "hello"), id });
const entry = (id: string, serial: number, isAdopted = false) => entryOf(id, textOfSerial(id, serial), isAdopted);

const lossMs = 1_000;
const published = (serial: number, id: string, more: Partial<Publish> = {}): Publish => ({
  ...publishOf({ publisher: "cpp", serial, registrationId: registrationOf(serial) }),
  calledMs: 100 * serial,
  answeredMs: 100 * serial + 5,
  id: parseEventId(id),
  ...more,
});

/** 10-1 to 10-6, then 20-1 to 20-4 with the serials from 11 on. */
function twoEpochs(): { history: History; publishes: Publish[] } {
  const history = new History();
  const publishes: Publish[] = [];
  for (let sequence = 1; sequence <= 6; ++sequence) {
    history.add([entry(`10-${sequence}`, sequence)]);
    publishes.push(published(sequence, `10-${sequence}`));
  }
  history.losses.push({ fromMs: lossMs, toMs: lossMs + 2 });
  for (let sequence = 1; sequence <= 4; ++sequence) {
    history.add([entry(`20-${sequence}`, 10 + sequence)]);
    publishes.push(published(10 + sequence, `20-${sequence}`));
  }
  return { history, publishes };
}

/** The view after an update is named after the update's id. */
const views: Views = { fingerprintAt: (id) => `view-${textOf(id)}` };

interface Case {
  readonly client?: Client;
  readonly publishes?: (publishes: Publish[]) => void;
  readonly history?: (history: History) => void;
}

/** `lines` are a client's observations; `update ID` gets the fingerprint that belongs to it. */
function judged(lines: readonly string[], { client = follower, publishes: change, history: add }: Case = {}): Verdict {
  const { history, publishes } = twoEpochs();
  add?.(history);
  change?.(publishes);
  const observations = lines.map((line, index) => {
    const [kind, id = ""] = line.split(" ");
    const known = kind === "update" && line.split(" ").length === 2 ? history.entry(parseEventId(id)) : undefined;
    return parseObservation(
      `${index} ${client.name} ${line}${known === undefined ? "" : ` ${known.registrationId} ${known.fingerprint}`}`,
    );
  });
  return judge({ history, publishes, clients: [client], observations, views });
}

const begin = ["connecting", "open accepted", "connected 10-0"];
const inFirst = [...begin, "update 10-1", "update 10-3", "update 10-5"];
const toSecond = ["reset 20-0", "update 20-1", "update 20-3"];
const end = ["view 20-3 view-20-3"];
const back = ["waiting broken", "connecting", "open accepted"];
const whole = [...inFirst, ...toSecond, ...end];

describe("the oracle finds nothing", () => {
  test("where a client gets everything, and a reset for the lost history", () => {
    const { violations, resets, judges } = judged(whole);
    expect(violations).toEqual([]);
    expect(resets).toEqual({ epoch: 1, cut: 0, ahead: 0, unaccounted: 0 });
    expect(judges[0]?.updates).toBe(5);
  });

  test("where a view says that updates may have been missed: after a reset, until a snapshot", () => {
    expect(
      judged([...inFirst, "view 10-5 view-10-5 whole", ...toSecond, "view 20-3 view-20-3 gap"]).violations,
    ).toEqual([]);
    const lines = [...inFirst, "reset 0-0", "snapshot 20-4 20-3 view-20-3", "view 20-3 view-20-3 whole"];
    expect(judged(lines).violations).toEqual([]);
  });

  test("where a client of all registrations hears everything", () => {
    const first = [1, 2, 3, 4, 5, 6].map((sequence) => `update 10-${sequence}`);
    const second = [1, 2, 3, 4].map((sequence) => `update 20-${sequence}`);
    expect(judged([...begin, ...first, "reset 20-0", ...second], { client: everything }).violations).toEqual([]);
  });

  test("where a client comes back after its last event", () => {
    const lines = [
      ...begin,
      "update 10-1",
      ...back,
      "connected 10-1",
      "update 10-3",
      "update 10-5",
      ...toSecond,
      ...end,
    ];
    const { violations, judges } = judged(lines);
    expect(violations).toEqual([]);
    expect(judges[0]?.outages).toEqual([{ fromMs: 4, untilMs: 6 }]);
  });

  test("where a history was lost before it had an update", () => {
    const { violations, resets } = judged([...inFirst, "reset 15-0", ...toSecond, ...end], {
      history: (history) => history.begin(15),
    });
    expect([violations, resets.epoch]).toEqual([[], 2]);
  });

  test("where a late client begins with a snapshot", () => {
    expect(
      judged(["connecting", "connected 0-0", "snapshot 20-2 20-1 view-20-1", "update 20-3", ...end]).violations,
    ).toEqual([]);
  });

  test("where a client is cut before it gets its position, and asks again", () => {
    const again = [...back, "connected 0-0", "reset 0-0", "snapshot 20-4 20-3 view-20-3"];
    const { violations, resets } = judged([...inFirst, "reset 0-0", ...again, ...end]);
    expect(violations).toEqual([]);
    expect(resets).toEqual({ epoch: 2, cut: 0, ahead: 0, unaccounted: 0 });
    const late = judged(["connecting", "connected 0-0", ...again, ...end]);
    expect(late.violations).toEqual([]);
    expect(late.resets).toEqual({ epoch: 0, cut: 1, ahead: 0, unaccounted: 0 });
  });

  test("where an update enters the next history because its publisher got no answer in time", () => {
    const { violations, republished } = judged([...inFirst, "reset 20-4", "update 20-5", "view 20-5 view-20-5"], {
      history: (history) => history.add([entry("20-5", 5)]),
      publishes: (publishes) => {
        const answered = {
          publisher: "http",
          id: parseEventId("20-5"),
          calledMs: lossMs - 50,
          answeredMs: lossMs + 50,
        };
        Object.assign(publishes[4] as Publish, answered);
      },
    });
    expect([violations, republished]).toEqual([[], 1]);
  });

  test("where a gateway saves an update of the lost history", () => {
    const text = textOfSerial("10-6", 6).replace(/\}$/, ',"id":"20-5"}');
    const { violations, saved } = judged(whole, { history: (history) => history.add([entryOf("20-5", text, true)]) });
    expect([violations, saved]).toEqual([[], 1]);
  });

  test("where an update by plain PUBLISH is lost because nobody listened", () => {
    const { violations, unheard } = judged(whole, {
      publishes: (publishes) => publishes.push(published(30, "0-0", { id: null, isPlain: true })),
    });
    expect([violations, unheard]).toEqual([[], 1]);
  });
});

describe("the oracle complains", () => {
  const complaint = (lines: readonly string[], more: Case = {}): string => judged(lines, more).violations.join("\n");

  test.each<[string, readonly string[], RegExp]>([
    [
      "an update is missing",
      [...begin, "update 10-1", "update 10-5", ...toSecond, ...end],
      /10-5 comes after 10-1, without 10-3: lost/,
    ],
    [
      "an update is missing after a reconnect",
      [...begin, "update 10-1", ...back, "connected 10-1", "update 10-5", ...toSecond, ...end],
      /without 10-3: lost/,
    ],
    [
      "the last update never comes",
      [...inFirst, "reset 20-0", "update 20-1", "view 20-1 view-20-1"],
      /has not had 20-3: lost/,
    ],
    ["an update comes twice", [...inFirst, "update 10-5", ...toSecond, ...end], /10-5 comes after 10-5: duplicated/],
    [
      "an update comes again after a reconnect",
      [...inFirst, ...back, "connected 10-5", "update 10-3", ...toSecond, ...end],
      /10-3 comes after 10-5: duplicated/,
    ],
    [
      "two updates change places",
      [...begin, "update 10-3", "update 10-1", "update 10-5", ...toSecond, ...end],
      /out of order/,
    ],
    [
      "an update is corrupted",
      [...begin, "update 10-1 7 00000000", "update 10-3", "update 10-5", ...toSecond, ...end],
      /10-1 is corrupted/,
    ],
    [
      "an update was never published",
      [...inFirst, "update 10-7", ...toSecond, ...end],
      /10-7 was never in the history/,
    ],
    [
      "a reset leads nowhere",
      [...inFirst, "reset 15-0", ...toSecond, ...end],
      /its position is set to 15-0, which was never in the history/,
    ],
    [
      "an update concerns another registration",
      [...begin, "update 10-1", "update 10-2", "update 10-3", "update 10-5", ...toSecond, ...end],
      /10-2 concerns registration 8/,
    ],
    [
      "another epoch begins without a reset",
      [...inFirst, "update 20-1", "update 20-3", ...end],
      /20-1 follows on 10-5 of another epoch, without a reset/,
    ],
    [
      "a reset has no cause",
      [...begin, "update 10-1", "reset 10-6", ...toSecond, ...end],
      /a reset takes it from 10-1 to 10-6: unaccounted/,
    ],
    [
      "a reset has no cause, and comes with a snapshot",
      [...begin, "update 10-1", "reset 0-0", "snapshot 10-6 10-5 view-10-5", ...toSecond, ...end],
      /unaccounted/,
    ],
    [
      "a reset takes a client back",
      [
        ...inFirst,
        ...back,
        "connected 0-0",
        "reset 0-0",
        "snapshot 10-4 10-3 view-10-3",
        "update 10-5",
        ...toSecond,
        ...end,
      ],
      /from 10-5 to 10-4: it is ahead of the gateway/,
    ],
    [
      "a snapshot is too old",
      [...inFirst, "reset 0-0", "snapshot 20-3 20-1 view-20-1", ...end],
      /the snapshot 20-3 is as of 20-1, but the last update up to there is 20-3/,
    ],
    [
      "a snapshot says something else than the updates",
      [...inFirst, "reset 0-0", "snapshot 20-3 20-3 view-20-1", ...end],
      /the snapshot 20-3 does not agree/,
    ],
    [
      "a snapshot comes unannounced",
      [...begin, "update 10-1", "snapshot 10-6 10-5 view-10-5", ...toSecond, ...end],
      /unannounced/,
    ],
    [
      "a snapshot that was announced does not come",
      [...inFirst, "reset 0-0", "update 20-1", "update 20-3", ...end],
      /20-1 comes before what the connected event announced/,
    ],
    [
      "a view goes back",
      [
        ...begin,
        "update 10-1",
        "view 10-1 -",
        "update 10-3",
        "view 10-3 -",
        "view 10-1 -",
        "update 10-5",
        ...toSecond,
        ...end,
      ],
      /its view goes back from 10-3 to 10-1/,
    ],
    [
      "a view is not what the updates add up to",
      [...inFirst, ...toSecond, "view 20-3 view-20-1"],
      /what it shows as of 20-3 does not agree/,
    ],
    [
      "a view says nothing of a reset",
      [...inFirst, ...toSecond, "view 20-3 view-20-3 whole"],
      /as of 20-3 says that updates may not have been missed/,
    ],
    [
      "a view says that updates may have been missed, and none were",
      [...inFirst, "view 10-5 view-10-5 gap", ...toSecond, ...end],
      /as of 10-5 says that updates may have been missed/,
    ],
    [
      "a view stays behind",
      [...inFirst, ...toSecond, "view 20-1 view-20-1"],
      /shows its registration as of 20-1, not as of 20-3/,
    ],
    ["nothing is shown", [...inFirst, ...toSecond], /shows its registration as of none/],
    ["a client stays in the lost history", inFirst, /stands at 10-5, and the history at 20-4/],
    [
      "a client never gets the connected event",
      ["connecting", "open accepted"],
      /still waits for what the connected event announced/,
    ],
    [
      "the connected event names another cursor",
      [...inFirst, ...back, "connected 10-3", "update 10-5", ...toSecond, ...end],
      /asked for what comes after 10-5, and the connected event says 10-3/,
    ],
    [
      "a page resumes after something else than it had",
      [...inFirst, "waiting broken", "asks 10-6", ...toSecond, ...end],
      /it asks for what comes after 10-6, but its last event was 10-5/,
    ],
    ["a client gives up", [...inFirst, "closed refused", ...toSecond, ...end], /closed for good/],
    ["a message can't be read", [...inFirst, "malformed not JSON", ...toSecond, ...end], /could not read: not JSON/],
  ])("where %s", (_what, lines, expected) => {
    expect(complaint(lines)).toMatch(expected);
  });

  test.each<[string, Case, RegExp]>([
    [
      "an acknowledged update is not in the history",
      { publishes: (publishes) => publishes.push(published(30, "20-5")) },
      /30 was acknowledged as 20-5, and is not there: lost/,
    ],
    [
      "an update was acknowledged under another's id",
      { publishes: (publishes) => Object.assign(publishes[2] as Publish, { id: parseEventId("10-4") }) },
      /3 was acknowledged as 10-4, and is not there: lost/,
    ],
    [
      "an update is in one history twice",
      { history: (history) => history.add([entry("20-5", 11)]) },
      /11 is in the history twice, as 20-1 and 20-5: duplicated/,
    ],
    [
      "an update is in two histories, though its publisher had got an answer before",
      { history: (history) => history.add([entry("20-5", 5)]) },
      /5 is in the history twice, as 10-5 and 20-5: duplicated/,
    ],
    [
      "a publisher's updates change places",
      {
        publishes: (publishes) => publishes.push(published(9, "20-5")),
        history: (history) => history.add([entry("20-5", 9)]),
      },
      /9 entered the history after its later one 14: out of order/,
    ],
    [
      "an update comes from nowhere",
      { history: (history) => history.add([entry("20-5", 99)]) },
      /20-5 is an update that nobody published/,
    ],
    [
      "an update is refused",
      { publishes: (publishes) => Object.assign(publishes[3] as Publish, { failure: "no" }) },
      /its update 4 was refused: no/,
    ],
    [
      "a publisher gets no answer",
      { publishes: (publishes) => Object.assign(publishes[3] as Publish, { answeredMs: null, id: null }) },
      /it got no answer for its update 4/,
    ],
  ])("where %s", (_what, more, expected) => {
    expect(complaint(whole, more)).toMatch(expected);
  });

  test("and knows who was ahead by the connected event, where the gateway has caught up meanwhile", () => {
    const lines = [
      ...inFirst,
      ...back,
      "connected 0-0",
      "reset 0-0",
      "snapshot 10-6 10-5 view-10-5",
      ...toSecond,
      ...end,
    ];
    const { violations, resets } = judged(lines);
    expect(resets).toMatchObject({ ahead: 1, unaccounted: 0 });
    expect(violations).toHaveLength(1);
  });
});

test("a history with a gap can't be judged", () => {
  const history = new History();
  history.add([entry("10-1", 1)]);
  expect(() => history.add([entry("10-3", 3)])).toThrow("the history holds 10-3 after 1 updates");
});
