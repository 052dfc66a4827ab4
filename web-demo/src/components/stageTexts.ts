import type { TimelineState } from "../data/timeline";
import { humanise } from "../format";

const titles: Readonly<Record<string, string>> = {
  duplicate_check: "Duplicate check",
  t24_lookup: "Core banking look-up (T24)",
  account_validation: "Account validation",
  status_update: "Status update",
};

/** How a stage reads; of another workflow's stages the name is made readable. */
export function stageTitle(name: string): string {
  return Object.hasOwn(titles, name) ? (titles[name] ?? name) : humanise(name);
}

/** `hasEnded`: the validation is over, so what has not come will not come. */
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
