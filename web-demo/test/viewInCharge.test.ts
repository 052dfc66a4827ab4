import { describe, expect, it } from "vitest";

import { viewInCharge } from "../src/data/viewInCharge";
import { view } from "./fixtures";

describe("the view in charge", () => {
  it("is none before the stream has said anything", () => {
    expect(viewInCharge(null, null)).toBeNull();
  });

  it("is the stream's from its first word on", () => {
    const first = view();
    expect(viewInCharge(first, null)).toBe(first);
  });

  it("is none while the stream has said nothing since the load that superseded its view", () => {
    const before = view();
    expect(viewInCharge(before, before)).toBeNull();
  });

  it("is the stream's again with any news, even news that says the same", () => {
    const before = view();
    const news = view();
    expect(viewInCharge(news, before)).toBe(news);
  });

  it("is none where the stream lost the view that was superseded", () => {
    expect(viewInCharge(null, view())).toBeNull();
  });
});
