import { describe, expect, it } from "vitest";

import type { RegistrationSummary } from "../src/data/model";
import { applyToList, applyUpdate, countStatuses, filterList } from "../src/data/registrationList";
import { noon, registration, update } from "./fixtures";

const other = registration({ id: 41, customerName: "Sara Alemu", branch: "Piassa" });

function rowAfter(
  change: Parameters<typeof update>[0],
  before: Partial<RegistrationSummary> = {},
): RegistrationSummary | undefined {
  return applyUpdate([registration(before), other], update(change))[0];
}

describe("applying an update to the list", () => {
  it("changes its row, and keeps the others as the same objects", () => {
    const list = [other, registration()];
    const after = applyUpdate(list, update({ status: "APPROVED", message: "Approved" }));
    expect(after[0]).toBe(other);
    expect(after[1]).toMatchObject({ id: 42, status: "APPROVED", message: "Approved" });
    expect(list[1]).toEqual(registration());
  });

  it("returns the same list for a registration that is not in it", () => {
    const list = [other];
    expect(applyUpdate(list, update())).toBe(list);
  });

  it("keeps `hasMore`", () => {
    const list = { registrations: [registration()], hasMore: true };
    expect(applyToList(list, update({ status: "FAILED" }))).toMatchObject({
      hasMore: true,
      registrations: [{ status: "FAILED" }],
    });
    expect(applyToList(list, update({ registrationId: 7 }))).toBe(list);
  });

  it("returns the same list if nothing changes", () => {
    const list = [registration()];
    expect(applyUpdate(list, update({ timestamp: 0 }))).toBe(list);
    expect(applyUpdate(list, update({ timestamp: noon }))).toBe(list);
  });

  it("keeps the message and the time if the update has none", () => {
    const row = rowAfter({ status: "FAILED", timestamp: 0 }, { message: "Checking" });
    expect(row).toMatchObject({ status: "FAILED", message: "Checking", updatedAt: noon });
  });

  it("uses the time of the update, unless no Date can hold it", () => {
    expect(rowAfter({ timestamp: noon + 5 })?.updatedAt).toBe(noon + 5);
    expect(rowAfter({ timestamp: Number.MAX_SAFE_INTEGER })?.updatedAt).toBe(noon);
  });

  it("shows a validation as running from the first stage to the final status", () => {
    expect(rowAfter({ stage: "t24_lookup" })?.validating).toBe(true);
    expect(rowAfter({}, { validating: true })?.validating).toBe(true);
    expect(rowAfter({})?.validating).toBe(false);
    const end = { stage: "status_update", status: "APPROVED" };
    expect(rowAfter(end, { validating: true })?.validating).toBe(false);
  });
});

describe("filtering the list", () => {
  const list = [registration({ status: "FAILED" }), other];
  const found = (status: string | null, search: string): readonly number[] =>
    filterList(list, { status, search }).map(({ id }) => id);

  it("keeps everything without a status or a search", () => {
    expect(found(null, "")).toEqual([42, 41]);
    expect(found(null, "  ")).toEqual([42, 41]);
  });

  it("keeps the chosen status", () => {
    expect(found("FAILED", "")).toEqual([42]);
    expect(found("APPROVED", "")).toEqual([]);
  });

  it.each([
    ["a part of the name in any case", "ABEBE"],
    ["the id", "42"],
    ["the branch", "bole"],
    ["words of several fields in any order", "bole kebede"],
  ])("finds by %s", (_what, search) => {
    expect(found(null, search)).toEqual([42]);
  });

  it("searches the customer number and the phone", () => {
    expect(found(null, "1000234")).toEqual([42, 41]);
    expect(found(null, "+251911")).toEqual([42, 41]);
  });

  it("needs every word, and the status, too", () => {
    expect(found(null, "bole alemu")).toEqual([]);
    expect(found("PENDING", "bole")).toEqual([]);
  });

  it("uses the search as text, not as a pattern", () => {
    expect(found(null, ".*")).toEqual([]);
    expect(found(null, "(")).toEqual([]);
  });
});

describe("counting statuses", () => {
  it("counts each status, also one that is not declared", () => {
    const list = ["PENDING", "ON_HOLD", "PENDING"].map((status) => registration({ status }));
    expect([...countStatuses(list)]).toEqual([
      ["PENDING", 2],
      ["ON_HOLD", 1],
    ]);
  });
});
