// Runs in the browser: replays vectors through the package's parser, as vectors/wasm.test.ts does in Node.

import { loadCore } from "regstream";
import { EventStreamParser } from "regstream/parser";

import { findSplitThatDiffers } from "../vectors/replay.ts";
import { parseVectors } from "../vectors/vector_file.ts";

declare global {
  interface Window {
    /** Returns the difference for one vector, or null. Set once the module is loaded. */
    findDifference?: (file: string, heading: string) => Promise<string | null>;
  }
}

const core = await loadCore();

window.findDifference = async (file, heading) => {
  const response = await fetch(`/tests/vectors/${file}`);
  const vector = parseVectors(await response.text(), file).find((one) => one.heading === heading);
  if (vector === undefined) throw new Error(`${file} has no vector "${heading}"`);
  const open = () => new EventStreamParser(core, { limits: vector.limits, lastEventId: vector.lastEventId });
  return findSplitThatDiffers(open, vector);
};
