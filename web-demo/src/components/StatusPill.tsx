import { memo } from "react";

import { statusLook } from "./statusLook";

/** A registration's status, by the backend's name for it. A status that is not declared has a neutral colour. */
export const StatusPill = memo(function StatusPill({ status, testId }: { status: string; testId?: string }) {
  return (
    <span className="status-pill" data-status={status} data-tone={statusLook(status)?.tone} data-testid={testId}>
      {status}
    </span>
  );
});

/** Replaces the status while a validation runs. */
export function ValidatingPill() {
  return (
    <span className="status-pill validating-pill">
      <span className="spinner" aria-hidden="true" />
      Validating
    </span>
  );
}
