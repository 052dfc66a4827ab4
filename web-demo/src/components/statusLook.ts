import { registrationWorkflow, statusNamed } from "regstream/workflow";

import type { IconName } from "./Icon";

/** How a status looks. What it means decides, and not its name: a new one looks right by its kind alone. */
export interface StatusLook {
  /** A colour of tokens.css. */
  readonly tone: "amber" | "green" | "violet" | "teal" | "red";
  readonly icon: IconName;
}

/** Good outcomes can be told apart: the first ones in the declaration have looks of their own. */
const finalLooks: readonly StatusLook[] = [
  { tone: "green", icon: "check" },
  { tone: "violet", icon: "copy" },
  { tone: "teal", icon: "check" },
];
const otherFinal: StatusLook = { tone: "green", icon: "check" };

const finalNames = registrationWorkflow.statuses.filter(({ kind }) => kind === "final").map(({ name }) => name);

/** Null: the status is not declared, and looks neutral. */
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
