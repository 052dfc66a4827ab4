import { describe, expect, it } from "vitest";

import { Newcomers } from "../src/data/newcomers";
import { registration } from "./fixtures";

describe("newcomers to the list", () => {
  it("are registrations that the list lacks, once each", () => {
    const newcomers = new Newcomers();
    const list = [registration({ id: 42 })];
    expect([42, 43, 43, 44].map((id) => newcomers.isNew(list, id))).toEqual([false, true, false, true]);
  });

  it("are all registrations before there is a list", () => {
    expect(new Newcomers().isNew(null, 42)).toBe(true);
  });

  it("are remembered up to a limit", () => {
    const newcomers = new Newcomers();
    for (let id = 1; id <= 1001; ++id) expect(newcomers.isNew([], id)).toBe(true);
    expect(newcomers.isNew([], 1001)).toBe(false);
    expect(newcomers.isNew([], 1)).toBe(true);
  });
});
