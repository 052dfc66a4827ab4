import { type MouseEvent, type ReactNode, useEffect, useRef } from "react";

import { Link, listPath, useLocation } from "../router";

/** The id of every page's title. It gets the focus after navigation, so that screen readers read it. */
export const pageTitleId = "page-title";

export function AppShell({ children }: { children: ReactNode }) {
  const { pathname } = useLocation();
  const shown = useRef(pathname);
  useEffect(() => {
    if (shown.current === pathname) return;
    shown.current = pathname;
    document.getElementById(pageTitleId)?.focus();
  }, [pathname]);

  // Moves the focus without changing the address, which operators share.
  function skip(event: MouseEvent): void {
    event.preventDefault();
    document.getElementById("content")?.focus();
  }

  return (
    <>
      <a className="skip-link" href="#content" onClick={skip}>
        Skip to content
      </a>
      <header className="app-bar">
        <div className="app-bar-inner">
          <Link className="brand" href={listPath}>
            <svg className="brand-mark" viewBox="0 0 32 32" aria-hidden="true">
              <path d="M8.5 16.5l5 5 10-11" />
            </svg>
            <span className="brand-name">Mobile banking</span>
            <span className="brand-area">Back office</span>
          </Link>
        </div>
      </header>
      <main id="content" className="content" tabIndex={-1}>
        {children}
      </main>
    </>
  );
}
