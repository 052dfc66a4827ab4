import { describe, expect, it } from "vitest";

import { idBytes, idsBytesMax, idsMax } from "../../src/browser/stream_limits.js";
import { longestQuery } from "../../src/core/core_client.js";
import { loadCore } from "../../src/core/load_core.js";
import { Vocabulary } from "../../src/core/vocabulary.js";
import { registrationWorkflow } from "../../src/generated/registration.js";
import type { IdOf, Workflow } from "../../src/workflow/workflow.js";
import { csvImport } from "../workflow/csv_import.js";

const core = await loadCore();

/** The size of a query of these ids, by the core and by JavaScript. */
function sizes<W extends Workflow>(workflow: W, ids: readonly IdOf<W>[]): readonly [number, number] {
  const bytes = ids.reduce<number>((sum, id) => sum + idBytes(workflow, id), 0) - 1;
  return [longestQuery(core, new Vocabulary(workflow), ids), bytes];
}

describe("the limits of one stream", () => {
  it("count the bytes of ids as the core does", () => {
    const [ofNumbers, numbers] = sizes(registrationWorkflow, [1, 42, Number.MAX_SAFE_INTEGER]);
    expect(numbers).toBe(ofNumbers);
    const printable = Array.from({ length: 94 }, (_, index) => String.fromCharCode(33 + index)).join("");
    const [ofTexts, texts] = sizes(csvImport, [printable, "a b", "é", "€", "𝄞", "*a*"]);
    expect(texts).toBe(ofTexts);
  });

  it("are the core's: one more id, or one more byte, is too much", () => {
    const numbers = Array.from({ length: idsMax }, (_, index) => Number.MAX_SAFE_INTEGER - index);
    expect(sizes(registrationWorkflow, numbers)[0]).toBeGreaterThan(0);
    expect(sizes(registrationWorkflow, [...numbers, 1])[0]).toBe(0);

    const long = Array.from({ length: 21 }, (_, index) => String.fromCharCode(97 + index).repeat(126));
    const room = idsBytesMax - long.reduce((sum, id) => sum + idBytes(csvImport, id), 0) + 1 - idBytes(csvImport, "");
    const last = "z".repeat(Math.floor(room / 2));
    expect(sizes(csvImport, [...long, last])[0]).toBeGreaterThan(idsBytesMax - 2);
    expect(sizes(csvImport, [...long, `${last}z`])[0]).toBe(0);
  });
});
