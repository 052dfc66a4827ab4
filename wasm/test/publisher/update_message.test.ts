import { readFileSync } from "node:fs";

import { describe, expect, it } from "vitest";

import { registrationWorkflow as registration } from "../../src/generated/registration.js";
import type { UpdateToPublish } from "../../src/publisher/update_message.js";
import {
  encodeFinalStatus,
  encodeStageUpdate,
  encodeUpdate,
  hasHugeNumber,
  utf8Bytes,
} from "../../src/publisher/update_message.js";
import { csvImport } from "../workflow/csv_import.js";

const now = 1702493005000;

interface Limit {
  readonly name: string;
  readonly update: Readonly<Record<string, unknown>>;
  readonly fill?: Readonly<Record<string, number>>;
  readonly nest?: number;
  readonly pad?: number;
  readonly refused?: string;
}

// The same file as the native writers' and readers' (tests/unit/publisher/publisher_limits_test.cpp).
const limits = JSON.parse(
  readFileSync(new URL("../../../tests/vectors/messages/limits.json", import.meta.url), "utf8"),
) as readonly Limit[];

/** The entry's update, enlarged to its size. */
function grown({ update, fill, nest, pad }: Limit): UpdateToPublish {
  const made: Record<string, unknown> = { ...update };
  for (const [member, bytes] of Object.entries(fill ?? {})) {
    const letter = String(made[member]);
    made[member] = letter.repeat(Math.ceil(bytes / utf8Bytes(letter)));
  }
  if (nest !== undefined) {
    let inner: unknown = [];
    for (let depth = 3; depth < nest; ++depth) {
      inner = [inner];
    }
    made["details"] = { a: inner };
  }
  if (pad !== undefined) {
    made["message"] = "x".repeat(pad - utf8Bytes(JSON.stringify(made)));
  }
  return made as unknown as UpdateToPublish;
}

describe("an update's JSON", () => {
  it("is the contract's for a stage, with the stage's status", () => {
    expect(encodeStageUpdate(registration, 42, "duplicate_check", "started", "Checking for duplicates", now)).toBe(
      '{"registrationId":42,"status":"PENDING","stage":"duplicate_check","stageStatus":"started",' +
        '"message":"Checking for duplicates","timestamp":1702493005000}',
    );
  });

  it("is the contract's for a final status", () => {
    expect(encodeFinalStatus(registration, 42, "APPROVED", "Done", { accountsFound: 5 }, [{ step: 1 }], now)).toBe(
      '{"registrationId":42,"status":"APPROVED","message":"Done","details":{"accountsFound":5},' +
        '"processLog":[{"step":1}],"timestamp":1702493005000}',
    );
    expect(encodeFinalStatus(registration, 42, "FAILED", "", undefined, null, now)).toBe(
      '{"registrationId":42,"status":"FAILED","message":"","timestamp":1702493005000}',
    );
  });

  it.each<[UpdateToPublish, string]>([
    [
      { timestamp: 7.9, branch: "Bole", message: "x", registrationId: 1, status: "ON_HOLD", id: "1-1", 'a"b': [1.5] },
      '{"registrationId":1,"status":"ON_HOLD","message":"x","timestamp":7,"branch":"Bole","a\\"b":[1.5]}',
    ],
    [
      { registrationId: 1, stage: "s", message: "Job STARTED.", details: null, timestamp: null },
      '{"registrationId":1,"status":"PENDING","stage":"s","stageStatus":"started",' +
        `"message":"Job STARTED.","timestamp":${now}}`,
    ],
    [
      { registrationId: 1, stage: "s", status: "FAILED", message: "restarted, éstarted" },
      '{"registrationId":1,"status":"FAILED","stage":"s","stageStatus":"completed",' +
        `"message":"restarted, éstarted","timestamp":${now}}`,
    ],
    [
      {
        registrationId: 1,
        status: "X",
        message: '\b\f\n\r\t"\\b\u0001\u2028\ud83d\ude00',
        no: undefined,
        nor: () => 1,
      },
      '{"registrationId":1,"status":"X","message":"\\u0008\\u000c\\n\\r\\t\\"\\\\b\\u0001\u2028\ud83d\ude00",' +
        `"timestamp":${now}}`,
    ],
    [
      { registrationId: 1, status: "X", message: "a\ud800b\\ud800", details: { "\udc00": ["\ud83d"] } },
      '{"registrationId":1,"status":"X","message":"a\ufffdb\\\\ud800","details":{"\ufffd":["\ufffd"]},' +
        `"timestamp":${now}}`,
    ],
  ])("has the core's order and escapes: %j", (update, json) => {
    expect(encodeUpdate(registration, update, now)).toBe(json);
  });

  const update = { registrationId: 1, status: "X" };
  const cycle: Record<string, unknown> = {};
  cycle["name"] = cycle;
  const nested = (depth: number): unknown => (depth === 0 ? 1 : [nested(depth - 1)]);

  it.each<[string, unknown, RegExp]>([
    ["no object", [], /the update must be an object/],
    ["nothing", undefined, /the update must be an object/],
    ["an id of 0", { ...update, registrationId: 0 }, /^registrationId must be .* 2\^53 - 1$/],
    ["an id of 2^53", { ...update, registrationId: 2 ** 53 }, /^registrationId/],
    ["an id with a fraction", { ...update, registrationId: 1.5 }, /^registrationId/],
    ["an id in quotes", { ...update, registrationId: "42" }, /^registrationId/],
    ["no status and no stage", { registrationId: 1 }, /^status/],
    ["a long status", { ...update, status: "X".repeat(257) }, /^status/],
    ["a long stage", { ...update, stage: "é".repeat(129) }, /^stage must/],
    ["an unknown stage status", { ...update, stage: "s", stageStatus: "done" }, /^stageStatus/],
    ["a message that is not text", { ...update, message: 5 }, /^message/],
    ["details that are an array", { ...update, details: [] }, /^details must be an object$/],
    ["details that are text", { ...update, details: "{}" }, /^details/],
    ["details that become text", { ...update, details: new Date(0) }, /^details/],
    ["details in a cycle", { ...update, details: cycle }, /^details must be a value that JSON can express$/],
    ["details with a BigInt", { ...update, details: { accountsFound: 5n } }, /^details/],
    ["a process log that is an object", { ...update, processLog: {} }, /^processLog must be an array$/],
    ["a time before 1970", { ...update, timestamp: -1 }, /^timestamp/],
    ["a time that is a Date", { ...update, timestamp: new Date(0) }, /^timestamp/],
    ["an invalid time", { ...update, timestamp: NaN }, /^timestamp/],
    ["a member in a cycle", { ...update, more: cycle }, /^more/],
    ["65 brackets", { ...update, details: { a: nested(63) } }, /64 deep/],
  ])("can't be: %s", (_name, wrong, message) => {
    expect(() => encodeUpdate(registration, wrong as UpdateToPublish, now)).toThrow(TypeError);
    expect(() => encodeUpdate(registration, wrong as UpdateToPublish, now)).toThrow(message);
  });

  it.each(limits)("is judged as gateways judge it: $name", (entry) => {
    const encode = () => encodeUpdate(registration, grown(entry), now);
    if (entry.refused === undefined) {
      expect(encode).not.toThrow();
      return;
    }
    const member = entry.refused.replace(/Missing$|TooLarge$/, "");
    const words = { tooDeep: /nested at most 64 deep/, tooLong: /bytes/ }[member] ?? new RegExp(`^${member} must be`);
    expect(encode).toThrow(TypeError);
    expect(encode).toThrow(words);
  });

  it("may be nested 64 deep, whatever its texts contain", () => {
    const deep = { ...update, message: '[[["\\', details: { a: nested(62) } };
    expect(() => encodeUpdate(registration, deep, now)).not.toThrow();
  });

  it("leaves room for the id within a megabyte, in bytes of UTF-8", () => {
    const rest = encodeUpdate(registration, { ...update, message: "" }, now).length;
    const room = 2 ** 20 - 256 - rest;
    expect(encodeUpdate(registration, { ...update, message: "x".repeat(room) }, now)).toHaveLength(2 ** 20 - 256);
    expect(() => encodeUpdate(registration, { ...update, message: "x".repeat(room + 1) }, now)).toThrow(
      /1048321 bytes/,
    );
    expect(() => encodeUpdate(registration, { ...update, message: "é".repeat(room / 2 + 1) }, now)).toThrow(/bytes/);
  });

  // Runtimes with JSON.rawJSON can write these; JSON.stringify writes null for a number that no double holds.
  it.each([
    ['{"a":1e999}', true],
    ['{"a":{"b":[1,-2E+400]}}', true],
    [`{"a":${"9".repeat(309)}}`, true],
    ['{"a":1.7976931348623159e308}', true],
    ['{"a":1.7976931348623157e308,"b":-5e-324,"c":1e-999}', false],
    ['{"a":"1e999","1e999":true,"b":"\\"1e999","c":"\\\\"}', false],
    ['{"a":"\\\\","b":1e999}', true],
  ])("of %s detects numbers that are no doubles", (json, isHuge) => {
    expect(hasHugeNumber(json)).toBe(isHuge);
  });

  it("keeps members of its own whatever their names are", () => {
    const own = '"constructor":1,"toString":"two","__proto__":{"a":3},"hasOwnProperty":null';
    const sent = JSON.parse(`{"registrationId":7,"status":"FAILED",${own}}`) as UpdateToPublish;
    expect(encodeUpdate(registration, sent, now)).toContain(own);
  });

  it("of the two calls needs their named members", () => {
    expect(() => encodeStageUpdate(registration, 1, "", "started", "x", now)).toThrow(/^stage must/);
    expect(() => encodeStageUpdate(registration, 1, "s", "done" as never, "x", now)).toThrow(/^stageStatus/);
    expect(() => encodeStageUpdate(registration, 1, "s", "started", undefined as never, now)).toThrow(/^message/);
    expect(() => encodeFinalStatus(registration, 1, "PENDING", "x", null, null, now)).toThrow(
      "the final status must be APPROVED, DUPLICATE, FAILED or COMPLETED",
    );
    expect(() => encodeFinalStatus(registration, 1, "FAILED", 5 as never, null, null, now)).toThrow(/^message/);
  });
});

describe("an update of another workflow", () => {
  it("has its id member, its statuses, and its rule for a missing stage status", () => {
    expect(encodeStageUpdate(csvImport, "a b.csv", "read", "started", "Reading", now)).toBe(
      '{"file":"a b.csv","status":"RUNNING","stage":"read","stageStatus":"started","message":"Reading",' +
        `"timestamp":${now}}`,
    );
    expect(encodeFinalStatus(csvImport, "1", "REJECTED", "No rows", null, null, now)).toContain('"status":"REJECTED"');
    const silent = { file: "1", stage: "read", message: "Job started" };
    expect(encodeUpdate(csvImport, silent, now)).toContain('"stageStatus":"completed"');
    expect(encodeUpdate({ ...csvImport, inferStageStatus: true }, silent, now)).toContain('"stageStatus":"started"');
  });

  it.each(["é".repeat(64), "**", "a:b/c?d"])("accepts %j as an id", (file) => {
    expect(encodeUpdate(csvImport, { file, status: "PAUSED" }, now)).toContain(`"file":${JSON.stringify(file)},`);
  });

  it.each([undefined, null, 7, "", "*", "a\nb", "a\u0085b", "\ud800", "é".repeat(65)])(
    "refuses %j as an id",
    (file) => {
      const expected = "file must be text: 1 to 128 bytes of UTF-8 without control characters, and not *";
      expect(() => encodeUpdate(csvImport, { file, status: "PAUSED" } as never, now)).toThrow(new TypeError(expected));
      expect(() => encodeStageUpdate(csvImport, file, "read", "started", "x", now)).toThrow(new TypeError(expected));
    },
  );

  it("is refused with the allowed values", () => {
    const end = () => encodeFinalStatus(csvImport, "1", "APPROVED", "x", null, null, now);
    expect(end).toThrow(new TypeError("the final status must be IMPORTED or REJECTED"));
    expect(() => encodeStageUpdate(csvImport, "1", "", "started", "x", now)).toThrow(/bytes, such as read$/);
    expect(() => encodeStageUpdate({ ...csvImport, stages: [] }, "1", "", "started", "x", now)).toThrow(/bytes$/);
  });
});
