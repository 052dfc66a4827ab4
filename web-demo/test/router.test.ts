import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { currentSearch, matchRoute, navigate, replaceSearch } from "../src/router";

/** A window whose history counts its writes. */
function createWindow() {
  const location = { pathname: "/list", search: "" };
  const write = (_state: unknown, _unused: string, to: string): void => {
    const [pathname = "", query] = to.split("?");
    location.pathname = pathname;
    location.search = query === undefined ? "" : `?${query}`;
  };
  return {
    location,
    history: { state: null, replaceState: vi.fn(write), pushState: vi.fn(write) },
    scrollTo: () => {},
  };
}

let page: ReturnType<typeof createWindow>;
const type = (text: string): void => replaceSearch(new URLSearchParams({ q: text }));

beforeEach(() => {
  vi.useFakeTimers();
  page = createWindow();
  vi.stubGlobal("window", page);
});

afterEach(() => {
  vi.runAllTimers();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("the query", () => {
  it("shows at once, and is written once the typing pauses", () => {
    for (const text of ["a", "ab", "abe"]) {
      type(text);
      expect(currentSearch()).toBe(`?q=${text}`);
    }
    expect(page.history.replaceState).not.toHaveBeenCalled();
    vi.advanceTimersByTime(300);
    expect(page.history.replaceState).toHaveBeenCalledTimes(1);
    expect(page.location.search).toBe("?q=abe");
    expect(currentSearch()).toBe("?q=abe");
  });

  it("disappears from the address when it is empty", () => {
    type("abe");
    replaceSearch(new URLSearchParams());
    expect(currentSearch()).toBe("");
    vi.runAllTimers();
    expect(page.location).toEqual({ pathname: "/list", search: "" });
  });

  it("is written before another page is shown, so that going back finds it", () => {
    type("abe");
    navigate("/list/42");
    expect(page.history.replaceState.mock.calls.map(([, , to]) => to)).toEqual(["/list?q=abe"]);
    expect(page.history.pushState.mock.calls.map(([, , to]) => to)).toEqual(["/list/42"]);
    vi.runAllTimers();
    expect(page.location).toEqual({ pathname: "/list/42", search: "" });
    expect(currentSearch()).toBe("");
  });
});

describe("a path", () => {
  const list = "/mobile-banking/registration-requests";

  it.each([
    ["/", { page: "list" }],
    [list, { page: "list" }],
    [`${list}/`, { page: "list" }],
    [`${list}/42`, { page: "detail", registrationId: 42 }],
    [`${list}/042`, { page: "malformed-id", id: "042" }],
    [`${list}/%41`, { page: "malformed-id", id: "A" }],
    [`${list}/9007199254740992`, { page: "malformed-id", id: "9007199254740992" }],
    [`${list}/42/more`, { page: "unknown" }],
    ["/elsewhere", { page: "unknown" }],
  ])("%s leads to its page", (path, route) => {
    expect(matchRoute(path)).toEqual(route);
  });
});
