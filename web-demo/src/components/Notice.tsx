import type { ReactNode } from "react";

import { Icon } from "./Icon";

interface NoticeProps {
  readonly children: ReactNode;
  readonly action?: ReactNode;
  /** Information and no problem. A screen reader waits for a pause before it reads it. */
  readonly isInformation?: boolean;
}

/** A message above data that is still shown. A screen reader reads it when it appears. */
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
