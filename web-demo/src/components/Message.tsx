import type { ReactNode } from "react";

import { Icon, type IconName } from "./Icon";

interface MessageProps {
  readonly icon: IconName;
  readonly title: string;
  readonly children?: ReactNode;
  readonly action?: ReactNode;
  /** Read out at once: it appeared by itself. */
  readonly isAlert?: boolean;
}

/** What stands where data would: nothing here, not found, or out of reach. */
export function Message({ icon, title, children, action, isAlert = false }: MessageProps) {
  return (
    <div className="message" role={isAlert ? "alert" : undefined}>
      <span className="message-icon">
        <Icon name={icon} />
      </span>
      <h2>{title}</h2>
      {children !== undefined && <p>{children}</p>}
      {action !== undefined && <div className="message-action">{action}</div>}
    </div>
  );
}
