import { createElement, type FunctionComponent } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { describe, expect, it, vi } from "vitest";

import { ListFilters } from "../src/components/ListFilters";
import { Outcome } from "../src/components/Outcome";
import { StatusPill } from "../src/components/StatusPill";
import { Timeline } from "../src/components/Timeline";
import { mergeProgress } from "../src/data/progress";
import { registration } from "./fixtures";

// A declaration with new words. The page has no list of its own that would lack them.
vi.mock("regstream/workflow", async (importOriginal) => {
  const original = await importOriginal<typeof import("regstream/workflow")>();
  const { statuses, stages, ...rest } = original.registrationWorkflow;
  return {
    ...original,
    registrationWorkflow: {
      ...rest,
      stages: [...stages, { name: "sanctions", title: "Sanctions check" }],
      statuses: [
        ...statuses,
        { name: "IN_REVIEW", kind: "open" },
        { name: "WITHDRAWN", kind: "final", title: "Customer withdrew", description: "Nothing is left to do." },
        { name: "REJECTED", kind: "failed" },
      ],
    },
  };
});

function htmlOf<Props extends object>(component: FunctionComponent<Props>, props: Props): string {
  return renderToStaticMarkup(createElement(component, props));
}

describe("a word that only the declaration has", () => {
  it("is a stage of the timeline, under its title", () => {
    const { timeline } = mergeProgress(registration(), null);
    const html = htmlOf(Timeline, { stages: timeline, hasEnded: false });
    expect(html).toMatch(/data-stage="sanctions" data-state="pending".*Sanctions check/);
  });

  it("is a filter of the list", () => {
    const html = htmlOf(ListFilters, {
      filter: { status: null, search: "" },
      total: 0,
      counts: new Map(),
      onChange: () => {},
    });
    expect(html).toContain("<bdi>Withdrawn</bdi>");
  });

  it("ends a validation if its kind says so, and shows the declared texts", () => {
    expect(mergeProgress(registration({ status: "WITHDRAWN" }), null).isFinal).toBe(true);
    expect(mergeProgress(registration({ status: "IN_REVIEW" }), null).isFinal).toBe(false);
    const html = htmlOf(Outcome, { status: "WITHDRAWN", message: "By phone" });
    expect(html).toMatch(/data-tone="green".*Customer withdrew.*By phone.*Nothing is left to do\./);
    expect(htmlOf(Outcome, { status: "REJECTED", message: "" })).toMatch(/data-tone="red".*Rejected/);
  });

  it("has the look of its kind", () => {
    expect(htmlOf(StatusPill, { status: "IN_REVIEW" })).toContain('data-tone="amber"');
    expect(htmlOf(StatusPill, { status: "REJECTED" })).toContain('data-tone="red"');
    expect(htmlOf(StatusPill, { status: "SOMETHING_ELSE" })).not.toContain("data-tone");
  });
});
