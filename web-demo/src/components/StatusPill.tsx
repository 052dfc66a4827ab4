import { memo } from "react";

import { statusLook } from "./statusLook";

/** A registration's status, as the backend names it; a name that this page does not know is neutral. */
export const StatusPill = memo(function StatusPill({ status, testId }: { status: string; testId?: string }) {
  return (
    <span className="status-pill" data-status={status} data-tone={statusLook(status)?.tone} data-testid={testId}>
      {status}
    </span>
  );
});

/** Stands in the place of the status while a validation runs. */
export function ValidatingPill() {
  return (
    <span className="status-pill validating-pill">
      <span className="spinner" aria-hidden="true" />
      Validating
    </span>
  );
}
