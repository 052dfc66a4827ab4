import { StreamError } from "../core/errors.js";
import type { IdOf, Workflow } from "../workflow/workflow.js";
import { idExpectation, isId } from "../workflow/ids.js";

/** Of one stream; the gateway refuses more. */
export const streamIdsMax = 100;

function invalid(message: string): StreamError {
  return new StreamError("invalid_options", message);
}

/** Which instances a stream may name, each once. Throws a StreamError where it may not. */
export function checkedIds<W extends Workflow>(workflow: W, ids: readonly IdOf<W>[]): readonly IdOf<W>[] {
  const distinct = [...new Set(ids)];
  if (distinct.length === 0) {
    throw invalid("ids must name at least one instance: leave it out for all of them");
  }
  if (distinct.length > streamIdsMax) {
    throw invalid(`ids must name at most ${streamIdsMax} instances: open another stream for the others`);
  }
  if (!distinct.every((id) => isId(workflow, id))) {
    throw invalid(idExpectation(workflow));
  }
  return distinct;
}
