import { registrationWorkflow, statusNamed } from "regstream/workflow";

import type { IconName } from "./Icon";

/** How a status looks. This follows from its kind, so a newly declared status looks right without a change here. */
export interface StatusLook {
  /** A colour of tokens.css. */
  readonly tone: "amber" | "green" | "violet" | "teal" | "red";
  readonly icon: IconName;
}

/** The first three final statuses of the declaration have looks of their own, so that they can be distinguished. */
const finalLooks: readonly StatusLook[] = [
  { tone: "green", icon: "check" },
  { tone: "violet", icon: "copy" },
  { tone: "teal", icon: "check" },
];
const otherFinal: StatusLook = { tone: "green", icon: "check" };

const finalNames = registrationWorkflow.statuses.filter(({ kind }) => kind === "final").map(({ name }) => name);

/** Null if the status is not declared. It looks neutral then. */
export function statusLook(status: string): StatusLook | null {
  switch (statusNamed(registrationWorkflow, status)?.kind) {
    case undefined:
      return null;
    case "open":
      return { tone: "amber", icon: "clock" };
    case "failed":
      return { tone: "red", icon: "cross" };
    case "final":
      // biome-ignore lint/complexity/useIndexOf: indexOf takes none but the final names
      return finalLooks[finalNames.findIndex((name) => name === status)] ?? otherFinal;
  }
}
