import type { ReactNode } from "react";

import { Icon, type IconName } from "./Icon";

interface MessageProps {
  readonly icon: IconName;
  readonly title: string;
  readonly children?: ReactNode;
  readonly action?: ReactNode;
  /** A screen reader reads it at once, because it appeared without the user doing anything. */
  readonly isAlert?: boolean;
}

/** Shown in place of data: there is none, it was not found, or it could not be loaded. */
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
