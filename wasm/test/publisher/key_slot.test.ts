import { describe, expect, it } from "vitest";

import { keySlot } from "../../src/publisher/key_slot.js";

describe("a key's slot in a cluster", () => {
  // As CLUSTER KEYSLOT of Redis 7.0.15 answers.
  it.each([
    ["", 0],
    ["123456789", 12_739],
    ["foo", 12_182],
    ["{service:registration-updates}:history", 15_952],
    ["service:registration-updates", 15_952],
    ["a{}b", 13_694],
    ["a{b}{c}", 3_300],
    ["é{ü}", 9_552],
  ])("of %j is %i", (key, slot) => {
    expect(keySlot(key)).toBe(slot);
  });
});
