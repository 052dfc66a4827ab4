import { describe, expect, it } from "vitest";

import { LoadOrder } from "../src/data/loadOrder";

describe("loads that overlap", () => {
  it("count in turn", () => {
    const order = new LoadOrder();
    const [first, second] = [order.start(), order.start()];
    expect(order.settle(first, true)).toBe(true);
    expect([order.isInPlace(first), order.isInPlace(second), order.isLoading]).toEqual([true, false, true]);
    expect(order.settle(second, true)).toBe(true);
    expect([order.isInPlace(second), order.isLoading]).toEqual([true, false]);
  });

  it("have an earlier load's value in place once a later load has succeeded", () => {
    const order = new LoadOrder();
    const [first, second] = [order.start(), order.start()];
    expect(order.settle(second, true)).toBe(true);
    expect([order.isInPlace(first), order.isLoading]).toEqual([true, false]);
    // The earlier answer no longer counts, whether it is a value or a failure.
    expect(order.settle(first, true)).toBe(false);
    expect(order.settle(first, false)).toBe(false);
    expect(order.isInPlace(first)).toBe(true);
  });

  it("have no value in place if they fail", () => {
    const order = new LoadOrder();
    const [first, second] = [order.start(), order.start()];
    expect(order.settle(second, false)).toBe(true);
    expect([order.isInPlace(first), order.isInPlace(second), order.isLoading]).toEqual([false, false, false]);
    expect(order.settle(order.start(), true)).toBe(true);
    expect(order.isInPlace(second)).toBe(true);
  });
});
