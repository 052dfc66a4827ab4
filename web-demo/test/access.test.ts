import { createElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { afterEach, describe, expect, it, vi } from "vitest";

import { type ApiError, asApiError, getRegistration } from "../src/api";
import { LoadFailed } from "../src/components/LoadFailed";

afterEach(() => {
  vi.unstubAllGlobals();
});

async function errorFor(status: number): Promise<ApiError> {
  const problem = { title: "Unauthorized", detail: "the token expired at 12:00", status };
  vi.stubGlobal("fetch", () => Promise.resolve(Response.json(problem, { status })));
  return await getRegistration(42).then(
    () => expect.fail("It was loaded"),
    (error: unknown) => asApiError(error),
  );
}

async function shownFor(status: number): Promise<string> {
  const error = await errorFor(status);
  return renderToStaticMarkup(
    createElement(LoadFailed, {
      title: "Not loaded",
      error,
      isLoading: false,
      onRetry: () => {},
    }),
  );
}

describe("an answer about the user's access", () => {
  it.each([
    [401, "You are not signed in", "Sign in, then load this page again."],
    [403, "You don’t have access", "Ask your administrator for it."],
  ])("%i says what to do, in an operator's words", async (status, title, advice) => {
    const shown = await shownFor(status);
    expect(shown).toContain(`<h2>${title}</h2>`);
    expect(shown).toContain(advice);
    expect(shown).not.toContain("token");
  });

  it("differs from other answers, which keep their own words", async () => {
    expect(await shownFor(503)).toContain("<h2>Not loaded</h2><p>the token expired at 12:00</p>");
  });

  it.each([
    [401, true],
    [403, true],
    [404, true],
    [409, false],
    [503, false],
  ])("%i: trying again is useless: %s", async (status, isFinal) => {
    expect((await errorFor(status)).isFinal).toBe(isFinal);
  });
});
