import { StreamError } from "regstream";
import { type ComponentProps, createElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { describe, expect, it } from "vitest";

import { LiveUpdatesNotice } from "../src/components/LiveUpdatesNotice";
import { Outcome } from "../src/components/Outcome";
import { ProcessLog } from "../src/components/ProcessLog";
import { StageProgress } from "../src/components/StageProgress";
import { logEntry, noon } from "./fixtures";

type Stream = ComponentProps<typeof LiveUpdatesNotice>["stream"];

describe("the notice that live updates are off", () => {
  const noticeOf = (stream: Omit<Stream, "connect">): string =>
    renderToStaticMarkup(createElement(LiveUpdatesNotice, { stream: { ...stream, connect: () => {} } }));
  const error = (kind: StreamError["kind"]) => new StreamError(kind, "The core failed");

  it("says why, and offers to reconnect, if the stream is closed", () => {
    const notice = noticeOf({ connection: "closed", error: error("core_failed") });
    expect(notice).toContain("Live updates are off. The core failed.");
    expect(notice).toMatch(/<button[^>]*>Reconnect<\/button>/);
  });

  it("stays while the module can't be loaded, also between two attempts", () => {
    expect(noticeOf({ connection: "waiting", error: error("load_failed") })).toContain("Reconnect");
  });

  it("is absent if the trouble passes by itself, or the caller closed the stream", () => {
    expect(noticeOf({ connection: "waiting", error: null })).toBe("");
    expect(noticeOf({ connection: "open", error: error("malformed_message") })).toBe("");
    expect(noticeOf({ connection: "closed", error: null })).toBe("");
  });
});

describe("the process log", () => {
  const logOf = (timestamp: number): string =>
    renderToStaticMarkup(createElement(ProcessLog, { entries: [logEntry({ timestamp })], isRunning: false }));

  it("shows when an entry was made", () => {
    expect(logOf(noon)).toContain('dateTime="2023-12-13T12:00:00.000Z"');
  });

  it("shows no clock for an entry without a time", () => {
    expect(logOf(0)).not.toContain("<time");
    expect(logOf(0)).toContain("No duplicate");
  });
});

describe("a running validation's progress", () => {
  it("is a progress bar with a name and words for its value", () => {
    const position = { current: 2, done: 1, total: 4, name: "t24_lookup" };
    const html = renderToStaticMarkup(createElement(StageProgress, { position }));
    expect(html).toContain("Stage 2 of 4: <bdi>Core banking look-up (T24)</bdi>");
    expect(html).toMatch(/<progress max="4" value="1" aria-labelledby="[^"]+" aria-valuetext="Stage 2 of 4, 1 done">/);
  });

  it("is absent without stages", () => {
    const position = { current: 0, done: 0, total: 0, name: null };
    expect(renderToStaticMarkup(createElement(StageProgress, { position }))).toBe("");
  });
});

describe("the outcome", () => {
  it.each([
    [
      "APPROVED",
      "green",
      "Customer approved",
      "A scheduled job creates the mobile user; this page shows it when it is there.",
    ],
    [
      "DUPLICATE",
      "violet",
      "Customer already exists",
      "Nothing differs from the existing customer, so nothing was changed.",
    ],
    ["FAILED", "red", "Validation failed", "Look at the process log, and validate again once the cause is gone."],
    [
      "COMPLETED",
      "teal",
      "Registration completed",
      "The customer’s mobile banking data is up to date. Nothing is left to do.",
    ],
  ])("of %s is %s, and says what it means", (status, tone, title, next) => {
    const html = renderToStaticMarkup(createElement(Outcome, { status, message: "" }));
    expect(html).toContain(`data-tone="${tone}"`);
    expect(html).toContain(`<p class="outcome-title">${title}</p><p class="outcome-next">${next}</p>`);
  });
});
