import type { ReactNode } from "react";

import { Icon } from "./Icon";

interface NoticeProps {
  readonly children: ReactNode;
  readonly action?: ReactNode;
  /** It is no problem: read out when there is a pause, and not at once. */
  readonly isInformation?: boolean;
}

/** A problem, or information, beside data that is still shown. Read out when it appears. */
export function Notice({ children, action, isInformation = false }: NoticeProps) {
  return (
    <div
      className={isInformation ? "notice notice-information" : "notice"}
      role={isInformation ? "status" : "alert"}
      data-testid="notice"
    >
      <Icon name={isInformation ? "users" : "alert"} />
      <p>{children}</p>
      {action}
    </div>
  );
}
