import { describe, expect, it } from "vitest";

import { coalesce } from "../src/data/coalesce";

/** Work that ends when the test ends it. */
function createWork() {
  const ends: (() => void)[] = [];
  const ask = coalesce(() => new Promise<void>((resolve) => ends.push(resolve)));
  const end = async (): Promise<void> => {
    ends.at(-1)?.();
    for (let turn = 0; turn < 5; ++turn) await Promise.resolve();
  };
  return { ask, end, calls: () => ends.length };
}

describe("coalesced work", () => {
  it("starts at once", () => {
    const { ask, calls } = createWork();
    ask();
    expect(calls()).toBe(1);
  });

  it("runs once more, however often it was called in the meantime", async () => {
    const { ask, end, calls } = createWork();
    for (let asked = 0; asked < 10; ++asked) ask();
    expect(calls()).toBe(1);
    await end();
    expect(calls()).toBe(2);
    await end();
    expect(calls()).toBe(2);
  });

  it("can be called again when it has ended", async () => {
    const { ask, end, calls } = createWork();
    ask();
    await end();
    ask();
    expect(calls()).toBe(2);
  });
});
