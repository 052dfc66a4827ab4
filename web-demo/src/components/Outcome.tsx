import { memo } from "react";
import { registrationWorkflow, statusNamed } from "regstream/workflow";

import { humanise } from "../format";
import { Icon } from "./Icon";
import { statusLook } from "./statusLook";

interface OutcomeProps {
  readonly status: string;
  readonly message: string;
}

/** How the validation ended, and what the operator can do next. */
export const Outcome = memo(function Outcome({ status, message }: OutcomeProps) {
  const look = statusLook(status);
  if (look === null) return null;
  const { title = humanise(status), description = "" } = statusNamed(registrationWorkflow, status) ?? {};
  return (
    <div className="outcome" data-status={status} data-tone={look.tone} data-testid="outcome">
      <span className="outcome-icon">
        <Icon name={look.icon} />
      </span>
      <div>
        <p className="outcome-title">{title}</p>
        {message !== "" && <p className="outcome-message">{message}</p>}
        {description !== "" && <p className="outcome-next">{description}</p>}
      </div>
    </div>
  );
});
