import type { ReactNode } from "react";

import { Icon } from "./Icon";

/** A problem beside data that is still shown. Read out when it appears. */
export function Notice({ children, action }: { children: ReactNode; action?: ReactNode }) {
  return (
    <div className="notice" role="alert">
      <Icon name="alert" />
      <p>{children}</p>
      {action}
    </div>
  );
}
