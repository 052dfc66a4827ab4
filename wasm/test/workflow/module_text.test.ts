import { describe, expect, it } from "vitest";

import { identifierOf, moduleText } from "../../src/workflow/module_text.js";
import { csvImport } from "./csv_import.js";

const text = (declaration = csvImport as Parameters<typeof moduleText>[0]) =>
  moduleText(declaration, "csv-import.json", { name: "defineWorkflow", from: "regstream/workflow" });

describe("the module that is written for a workflow", () => {
  it("is named after it", () => {
    const names = ["registration", "csv-import", "a-1-b", "a-", "a--b"];
    expect(names.map(identifierOf)).toEqual(["registration", "csvImport", "a1B", "a", "aB"]);
  });

  it("has its names as types, and what the declaration says of them as comments", () => {
    const written = text();
    expect(written).toContain('import { defineWorkflow } from "regstream/workflow";');
    expect(written).toContain("export const csvImportWorkflow = /* @__PURE__ */ defineWorkflow({\n  name:");
    expect(written).toContain("export type CsvImportId = string;");
    expect(written).toContain('  /** Imported. All rows are in the table. */\n  | "IMPORTED"\n  | "REJECTED";');
    expect(written).toContain('export type CsvImportFinalStatus =\n  | "IMPORTED"\n  | "REJECTED";');
    expect(written).toContain('  /** Write the rows. In blocks of a thousand. */\n  | "write";');
  });

  it("does not depend on the schema's address", () => {
    expect(text({ ...csvImport, $schema: "x.json" })).toBe(text());
  });

  it("has a type for no stages", () => {
    expect(text({ ...csvImport, stages: [] })).toContain("export type CsvImportStage = never;");
  });

  it("ends no comment and no text early", () => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it must reach the module as it is
    const name = '*/"\\`${1}';
    const written = text({ ...csvImport, stages: [{ name, title: "*/ evil(); /*", description: "a\n  b\u2028c" }] });
    expect(written).toContain("  /** *\\/ evil(); /*. a b c. */\n");
    expect(written).toContain(`  | ${JSON.stringify(name)};`);
  });
});
