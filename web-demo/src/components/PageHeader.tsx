import { type ReactNode, useEffect } from "react";

import { pageTitleId } from "./AppShell";

interface PageHeaderProps {
  readonly title: string;
  /** Above the title: the way to this page. */
  readonly trail?: ReactNode;
  /** Beside the title. */
  readonly badges?: ReactNode;
  /** Below the title. */
  readonly description?: ReactNode;
  readonly actions?: ReactNode;
}

export function PageHeader({ title, trail, badges, description, actions }: PageHeaderProps) {
  useEffect(() => {
    document.title = `${title} · Mobile banking`;
  }, [title]);
  return (
    <div className="page-header">
      {trail}
      <div className="page-header-row">
        <div className="page-header-text">
          <div className="page-title-row">
            <h1 id={pageTitleId} tabIndex={-1}>
              {title}
            </h1>
            {badges}
          </div>
          {description !== undefined && <p className="page-description">{description}</p>}
        </div>
        {actions !== undefined && <div className="page-actions">{actions}</div>}
      </div>
    </div>
  );
}
