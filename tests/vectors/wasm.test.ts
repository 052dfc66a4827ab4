import { loadCore } from "regstream";
import { EventStreamParser } from "regstream/parser";
import { describe, expect, test } from "vitest";

import { named, readVectors } from "./read_vectors.ts";
import { findSplitThatDiffers } from "./replay.ts";

describe("the shared vectors hold in the WASM module at every split", async () => {
  const core = await loadCore();

  test.each(named(readVectors()))("%s", (_, vector) => {
    const open = () => new EventStreamParser(core, { limits: vector.limits, lastEventId: vector.lastEventId });
    expect(findSplitThatDiffers(open, vector)).toBeNull();
  });
});
