// The dashboard and the alert rules use existing metrics, and each rule says what to do.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { describe, expect, it } from "vitest";

const read = (path: string): string =>
  readFileSync(fileURLToPath(new URL(`../../docs/${path}`, import.meta.url)), "utf8");

const documented = [...read("metrics.md").matchAll(/^\| `(\w+)` \| (\w+) \| ([^|]*)\|/gm)].map(
  ([, name = "", kind = "", labels = ""]) => ({
    name,
    kind,
    labels: [...labels.matchAll(/`(\w+)`/g)].map(([, label = ""]) => label),
  }),
);
const series = new Set(
  documented.flatMap(({ name, kind }) =>
    kind === "histogram" ? ["_bucket", "_count", "_sum"].map((suffix) => name + suffix) : [name],
  ),
);
const labels = new Set([...documented.flatMap((metric) => metric.labels), "job", "instance", "le"]);

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly targets?: readonly { readonly expr: string; readonly legendFormat?: string }[];
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
}

/** Reads a rule of the YAML, in the subset that the file uses: values on one line, or folded (`>-`) under their key. */
interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly text: string;
}

function readRules(yaml: string): Rule[] {
  return yaml
    .split(/^ {6}- alert: /m)
    .slice(1)
    .map((text) => {
      const expr = /^ {8}expr: (?:>-\n((?: {10}.*\n)+)|(.*)\n)/m.exec(text);
      return {
        alert: text.slice(0, text.indexOf("\n")),
        expr: (expr?.[1] ?? expr?.[2] ?? "").replace(/\s+/g, " ").trim(),
        text,
      };
    });
}

const functions = new Set(["rate", "increase", "changes", "min", "max", "sum", "histogram_quantile", "time"]);
const words = new Set(["by", "on", "and", "or", "unless", "bool"]);

/** Finds what can be wrong with an expression without Prometheus: its names, its labels, its brackets. */
function problemsOf(expression: string): string[] {
  const problems: string[] = [];
  const strings = expression.replace(/"[^"]*"/g, '""').replace(/\$__\w+|\$\w+/g, "1m");
  let bare = strings;
  for (;;) {
    const inner = bare.replace(/\{[^{}]*\}|\[\d+[smhd]m?\]|\([^()]*\)/g, " ");
    if (inner === bare) break;
    bare = inner;
  }
  if (/[()[\]{}]/.test(bare)) problems.push("brackets");
  for (const [, inside = ""] of strings.matchAll(/\{([^{}]*)\}/g)) {
    for (const matcher of inside.split(",")) {
      const [, label = "", operator] = /^(\w+)(=~|!~|!=|=)""$/.exec(matcher.trim()) ?? [];
      if (operator === undefined || !labels.has(label)) problems.push(`matcher ${matcher}`);
    }
  }
  const outside = strings.replace(/\{[^{}]*\}/g, " ").replace(/\[[^\]]*\]/g, " ");
  const grouped = [...outside.matchAll(/\b(?:by|on) \(([^)]*)\)/g)].flatMap(([, list = ""]) =>
    list.split(",").map((label) => label.trim()),
  );
  problems.push(...grouped.filter((label) => !labels.has(label)).map((label) => `label ${label}`));
  for (const [word] of outside.replace(/\b(?:by|on) \([^)]*\)/g, " ").matchAll(/\b[a-z_]\w*/g)) {
    if (!series.has(word) && !functions.has(word) && !words.has(word) && word !== "up")
      problems.push(`unknown ${word}`);
  }
  return problems;
}

describe("the check of expressions", () => {
  it("finds unknown names and labels and unbalanced brackets", () => {
    expect(problemsOf('sum by (instance) (rate(regstream_streams_refused_total{reason!="full"}[5m])) > 0.1')).toEqual(
      [],
    );
    expect(problemsOf("rate(regstream_no_such_total[5m])")).toEqual(["unknown regstream_no_such_total"]);
    expect(problemsOf("regstream_delivery_seconds")).toEqual(["unknown regstream_delivery_seconds"]);
    expect(problemsOf('regstream_ready{id="1"}')).toEqual(['matcher id=""']);
    expect(problemsOf("sum by (id) (regstream_ready)")).toEqual(["label id"]);
    expect(problemsOf("sum(regstream_ready")).toEqual(["brackets"]);
  });
});

describe("the alert rules", () => {
  const rules = readRules(read("monitoring/alerts.yaml"));

  it("are each found once", () => {
    expect(rules.length).toBeGreaterThanOrEqual(8);
    expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length);
  });

  it.each(rules)(
    "$alert has an expression of metrics that there are, a severity, and says why",
    ({ alert, expr, text }) => {
      expect(alert).toMatch(/^Regstream[A-Z]\w+$/);
      expect(expr).not.toBe("");
      expect(problemsOf(expr)).toEqual([]);
      expect(expr).toContain('job="regstream"');
      expect(text).toMatch(/^ {8}labels: \{severity: (critical|warning)\}$/m);
      expect(text).toMatch(/^ {10}summary: ".+"$/m);
      expect(text).toMatch(/^ {10}description: ".{40,}"$/m);
    },
  );
});

describe("the dashboard", () => {
  const { panels } = JSON.parse(read("monitoring/dashboard.json")) as { panels: readonly Panel[] };
  const graphs = panels.filter(({ type }) => type !== "row");

  it("has panels that do not overlap", () => {
    expect(graphs.length).toBeGreaterThan(15);
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    const places = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, cell) => `${x + (cell % w)},${y + Math.floor(cell / w)}`),
    );
    expect(new Set(places).size).toBe(places.length);
    expect(panels.every(({ gridPos }) => gridPos.x + gridPos.w <= 24)).toBe(true);
  });

  it.each(graphs)(
    "$title shows metrics that there are, and says what it means",
    ({ targets = [], description = "" }) => {
      expect(description).not.toBe("");
      expect(targets).not.toEqual([]);
      for (const { expr, legendFormat = "" } of targets) {
        expect(problemsOf(expr)).toEqual([]);
        const shown = [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label = ""]) => label);
        expect(shown.filter((label) => !labels.has(label))).toEqual([]);
      }
    },
  );
});
