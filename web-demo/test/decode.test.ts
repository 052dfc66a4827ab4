import { describe, expect, it } from "vitest";

import { DecodeError, decodeProcessLog, decodeRegistration, decodeRegistrations } from "../src/data/decode";
import { logEntry, registration } from "./fixtures";

const account = { number: "1000234567", type: "Savings", currency: "ETB", status: "Active" };

/** The JSON of a valid registration with some fields changed, as the server sends it. */
function received(changes: Readonly<Record<string, unknown>> = {}): unknown {
  return JSON.parse(JSON.stringify({ ...registration(), ...changes }));
}

describe("decoding a registration", () => {
  it("keeps the fields of the contract, and drops others", () => {
    const full = registration({
      email: "abebe@example.com",
      accounts: [account],
      details: { accountsFound: 1 },
      processLog: [logEntry()],
      mobileUserId: "m-1",
    });
    expect(decodeRegistration({ ...full, extra: true })).toEqual(full);
  });

  it.each(["message", "email", "mobileUserId", "elixirUserId", "details", "processLog"])("does without %s", (field) => {
    expect(decodeRegistration(received({ [field]: undefined }))).toEqual(registration());
  });

  it.each([null, undefined, "<html>", 42, true, [], [registration()]])("rejects %j in its place", (value) => {
    expect(() => decodeRegistration(value)).toThrow(new DecodeError("The answer is not an object"));
  });

  it.each(["customerName", "customerNumber", "phone", "branch", "status", "nationalId"])(
    "rejects one whose %s is no string, or is missing",
    (field) => {
      const error = new DecodeError(`"${field}" is not a string`);
      for (const value of [undefined, null, 7, {}, ["a"]]) {
        expect(() => decodeRegistration(received({ [field]: value }))).toThrow(error);
      }
    },
  );

  it.each(["message", "email", "mobileUserId", "elixirUserId"])(
    "rejects an optional %s that is there and no string",
    (field) => {
      const error = new DecodeError(`"${field}" is not a string`);
      for (const value of [0, false, {}, []]) {
        expect(() => decodeRegistration(received({ [field]: value }))).toThrow(error);
      }
    },
  );

  it.each([undefined, null, "42", 0, -1, 1.5, 2 ** 53, [42]])("rejects %j as an id", (id) => {
    expect(() => decodeRegistration(received({ id }))).toThrow(
      new DecodeError('"id" is not a whole number from 1 to 2^53 - 1'),
    );
  });

  it("accepts the greatest id that a double holds exactly", () => {
    const id = Number.MAX_SAFE_INTEGER;
    expect(decodeRegistration(received({ id })).id).toBe(id);
  });

  it.each(["submittedAt", "updatedAt"])("rejects a %s that is no time a date can hold", (field) => {
    const error = new DecodeError(`"${field}" is not a time in milliseconds since 1970`);
    for (const value of [undefined, null, "2023-12-13", 8.64e15 + 1, -1e300]) {
      expect(() => decodeRegistration(received({ [field]: value }))).toThrow(error);
    }
    // JSON has no infinity, but this number is read as one.
    const infinite = JSON.stringify(registration()).replace(new RegExp(`"${field}":\\d+`), `"${field}":1e999`);
    expect(() => decodeRegistration(JSON.parse(infinite))).toThrow(error);
  });

  it.each([undefined, null, 0, "false"])("rejects %j where it says whether one runs", (value) => {
    expect(() => decodeRegistration(received({ validating: value }))).toThrow(
      new DecodeError('"validating" is not true or false'),
    );
  });

  it("rejects accounts that are not a list of accounts", () => {
    const decode = (accounts: unknown) => () => decodeRegistration(received({ accounts }));
    expect(decode(undefined)).toThrow(new DecodeError('"accounts" is not an array'));
    expect(decode({ length: 1, 0: account })).toThrow(new DecodeError('"accounts" is not an array'));
    expect(decode([account, null])).toThrow(new DecodeError("An account is not an object"));
    expect(decode([{ ...account, currency: 230 }])).toThrow(new DecodeError('"currency" is not a string'));
  });

  it("ignores details that are not an object", () => {
    for (const details of ["5 accounts", 5, [1], null]) {
      expect(decodeRegistration(received({ details })).details).toBeNull();
    }
  });

  it("ignores a __proto__ in the JSON", () => {
    const { nationalId, ...rest } = registration();
    const text = JSON.stringify(rest).replace("{", `{"__proto__":{"nationalId":"${nationalId}"},`);
    expect(() => decodeRegistration(JSON.parse(text))).toThrow(new DecodeError('"nationalId" is not a string'));
  });
});

describe("decoding the list", () => {
  it("keeps the order, and the fields that the list shows", () => {
    const answer = { registrations: [received({ id: 2 }), received({ id: 1 })] };
    const { registrations: list, hasMore } = decodeRegistrations(answer);
    expect(hasMore).toBe(false);
    expect(list.map(({ id }) => id)).toEqual([2, 1]);
    expect(list[0]).not.toHaveProperty("nationalId");
  });

  it("may be empty", () => {
    expect(decodeRegistrations({ registrations: [], hasMore: true })).toEqual({ registrations: [], hasMore: true });
  });

  it("is rejected as a whole if one entry is wrong", () => {
    const answer = { registrations: [received(), received({ status: null })] };
    expect(() => decodeRegistrations(answer)).toThrow(new DecodeError('"status" is not a string'));
    expect(() => decodeRegistrations({ registrations: [null] })).toThrow(
      new DecodeError("A registration is not an object"),
    );
  });

  it("is rejected if it is not a list in an object", () => {
    expect(() => decodeRegistrations([])).toThrow(new DecodeError("The answer is not an object"));
    for (const registrations of [undefined, null, {}, "[]"]) {
      expect(() => decodeRegistrations({ registrations })).toThrow(new DecodeError('"registrations" is not an array'));
    }
  });
});

describe("decoding a process log", () => {
  it("leaves out entries that don't describe a stage", () => {
    const entry = logEntry();
    const log = ["note", null, [entry], { ...entry, stage: 1 }, { ...entry, stageStatus: "paused" }, entry];
    expect(decodeProcessLog(log)).toEqual([entry]);
  });

  it("accepts an entry without a message or a valid time", () => {
    const { stage, stageStatus } = logEntry();
    const bare = { stage, stageStatus, message: "", timestamp: 0 };
    for (const timestamp of [undefined, "now", NaN, Infinity, 8.64e15 + 1]) {
      expect(decodeProcessLog([{ stage, stageStatus, message: 5, timestamp }])).toEqual([bare]);
    }
  });

  it("is empty if there is no log", () => {
    for (const value of [undefined, null, {}, "log"]) {
      expect(decodeProcessLog(value)).toEqual([]);
    }
  });
});
