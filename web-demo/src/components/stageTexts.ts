import { registrationWorkflow } from "regstream/workflow";

import type { TimelineState } from "../data/timeline";
import { humanise } from "../format";

const titles: ReadonlyMap<string, string> = new Map(
  registrationWorkflow.stages.map(({ name, title }) => [name, title]),
);

/** A stage's declared title, or its name made readable. */
export function stageTitle(name: string): string {
  return titles.get(name) ?? humanise(name);
}

/** `hasEnded`: the validation is over, so a pending stage did not run. */
export function stateText(state: TimelineState, hasEnded: boolean): string {
  switch (state) {
    case "pending":
      return hasEnded ? "Not run" : "Pending";
    case "started":
      return hasEnded ? "Not finished" : "In progress";
    case "completed":
      return "Completed";
    case "failed":
      return "Failed";
    case "skipped":
      return "Skipped";
  }
}
