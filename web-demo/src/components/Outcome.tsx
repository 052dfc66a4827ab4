import { memo } from "react";

import { Icon, type IconName } from "./Icon";

interface Meaning {
  readonly title: string;
  readonly icon: IconName;
  readonly next: string;
}

const meanings: Readonly<Record<string, Meaning>> = {
  APPROVED: {
    title: "Customer approved",
    icon: "check",
    next: "A scheduled job creates the mobile user; this page shows it when it is there.",
  },
  COMPLETED: {
    title: "Registration completed",
    icon: "check",
    next: "The customer’s mobile banking data is up to date. Nothing is left to do.",
  },
  DUPLICATE: {
    title: "Customer already exists",
    icon: "copy",
    next: "Nothing differs from the existing customer, so nothing was changed.",
  },
  FAILED: {
    title: "Validation failed",
    icon: "cross",
    next: "Look at the process log, and validate again once the cause is gone.",
  },
};

interface OutcomeProps {
  readonly status: string;
  readonly message: string;
}

/** How the validation ended, in words for the operator. */
export const Outcome = memo(function Outcome({ status, message }: OutcomeProps) {
  const meaning = Object.hasOwn(meanings, status) ? meanings[status] : undefined;
  if (meaning === undefined) return null;
  return (
    <div className="outcome" data-status={status} data-testid="outcome">
      <span className="outcome-icon">
        <Icon name={meaning.icon} />
      </span>
      <div>
        <p className="outcome-title">{meaning.title}</p>
        {message !== "" && <p className="outcome-message">{message}</p>}
        <p className="outcome-next">{meaning.next}</p>
      </div>
    </div>
  );
});
