import { describe, expect, it } from "vitest";

import { formatClock, formatDateTime, formatDuration, formatValue, humanise } from "../src/format";

describe("times", () => {
  // Made and shown in the time zone of this machine.
  const time = new Date(2024, 0, 2, 15, 4, 5).getTime();

  it("use 24 hours, and the clock has seconds", () => {
    expect(formatClock(time)).toBe("15:04:05");
  });

  it("have the month as a word, and the time of day", () => {
    expect(formatDateTime(time)).toMatch(/^2 Jan 2024\b.*\b15:04$/);
  });
});

describe("durations", () => {
  it.each([
    [0, "0 ms"],
    [850, "850 ms"],
    [999, "999 ms"],
    [1000, "1.0 s"],
    [1249, "1.2 s"],
    [59_949, "59.9 s"],
    [59_950, "1 min 00 s"],
    [125_000, "2 min 05 s"],
    [3_600_000, "60 min 00 s"],
  ])("shows %d ms as %j", (milliseconds, text) => {
    expect(formatDuration(milliseconds)).toBe(text);
  });

  it("gives nothing for a negative duration, which only differing clocks produce", () => {
    expect(formatDuration(-1)).toBe("");
  });
});

describe("making names readable", () => {
  it.each([
    ["accountsFound", "Accounts found"],
    ["kyc_review", "Kyc review"],
    ["t24Lookup", "T24 lookup"],
    ["sanctions--check_", "Sanctions check"],
    ["", ""],
    ["__", "__"],
  ])("shows %j as %j", (name, text) => {
    expect(humanise(name)).toBe(text);
  });
});

describe("values of a free-form object", () => {
  it.each([
    ["text", "text"],
    ["", ""],
    [5, "5"],
    [true, "Yes"],
    [false, "No"],
    [null, "–"],
    [undefined, "–"],
    [["phone", "email"], "phone, email"],
    [[1, "a"], '[1,"a"]'],
    [{ a: { b: 1 } }, '{"a":{"b":1}}'],
  ])("shows %j as %j", (value, text) => {
    expect(formatValue(value)).toBe(text);
  });
});
