import { type AnchorHTMLAttributes, type MouseEvent, useSyncExternalStore } from "react";

/** Routing for two pages over the History API. */

export const listPath = "/mobile-banking/registration-requests";

export function detailPath(registrationId: number): string {
  return `${listPath}/${registrationId}`;
}

export type Route =
  | { page: "list" }
  | { page: "detail"; registrationId: number }
  | { page: "malformed-id"; id: string }
  | { page: "unknown" };

export function matchRoute(pathname: string): Route {
  const path = pathname.replace(/\/+$/, "");
  if (path === "" || path === listPath) return { page: "list" };
  if (!path.startsWith(`${listPath}/`)) return { page: "unknown" };
  const id = path.slice(listPath.length + 1);
  if (id.includes("/")) return { page: "unknown" };
  const registrationId = parseRegistrationId(id);
  return registrationId === null ? { page: "malformed-id", id: decode(id) } : { page: "detail", registrationId };
}

/** Ids are JSON numbers that a double holds exactly: 1 to 2^53 - 1, without a leading zero. */
function parseRegistrationId(text: string): number | null {
  if (!/^[1-9][0-9]{0,15}$/.test(text)) return null;
  const id = Number(text);
  return Number.isSafeInteger(id) ? id : null;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

const listeners = new Set<() => void>();

function notify(): void {
  for (const listener of listeners) listener();
}

/** A query that the page shows already, but that is not in the address yet. */
let unwritten: { readonly search: string; readonly timer: ReturnType<typeof setTimeout> } | null = null;

/** Browsers limit how often a page may change the address, to about 100 times in 30 s. */
const writeDelayMs = 300;

function forgetUnwritten(): void {
  clearTimeout(unwritten?.timer);
  unwritten = null;
}

function writeSearch(): void {
  if (unwritten === null) return;
  const { search } = unwritten;
  forgetUnwritten();
  window.history.replaceState(window.history.state, "", window.location.pathname + search);
}

function onPopState(): void {
  // It belongs to the history entry that the user has left.
  forgetUnwritten();
  notify();
}

function subscribe(listener: () => void): () => void {
  if (listeners.size === 0) {
    window.addEventListener("popstate", onPopState);
    window.addEventListener("pagehide", writeSearch);
  }
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    window.removeEventListener("popstate", onPopState);
    window.removeEventListener("pagehide", writeSearch);
  };
}

/** The query that the page shows. */
export function currentSearch(): string {
  return unwritten?.search ?? window.location.search;
}

/** The path and query that the page shows. They are strings, so reading them again without a change renders nothing. */
export function useLocation(): { pathname: string; search: string } {
  const pathname = useSyncExternalStore(subscribe, () => window.location.pathname);
  const search = useSyncExternalStore(subscribe, currentSearch);
  return { pathname, search };
}

/** Shows another page of this application. */
export function navigate(to: string): void {
  writeSearch();
  window.history.pushState(null, "", to);
  window.scrollTo(0, 0);
  notify();
}

/**
 * Changes the query without adding a history entry, because typing into a search box is not navigation. The page
 * shows the query at once. It gets into the address when the typing pauses, or when the user leaves the page.
 */
export function replaceSearch(parameters: URLSearchParams): void {
  const query = parameters.toString();
  forgetUnwritten();
  unwritten = {
    search: query === "" ? "" : `?${query}`,
    timer: setTimeout(writeSearch, writeDelayMs),
  };
  notify();
}

type LinkProps = AnchorHTMLAttributes<HTMLAnchorElement> & { href: string };

/** An anchor that navigates within the application. New tabs and downloads are left to the browser. */
export function Link({ href, onClick, ...rest }: LinkProps) {
  function follow(event: MouseEvent<HTMLAnchorElement>): void {
    onClick?.(event);
    const modified = event.metaKey || event.ctrlKey || event.shiftKey || event.altKey;
    if (event.defaultPrevented || event.button !== 0 || modified) return;
    event.preventDefault();
    navigate(href);
  }
  return <a {...rest} href={href} onClick={follow} />;
}
