import { existsSync, readdirSync, readFileSync } from "node:fs";

import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, test } from "vitest";

const root = new URL("../../", import.meta.url);
const folder = new URL("tests/vectors/workflows/", root);

/** Rules that docs/workflows.md lists as beyond the schema: the readers check them, the schema does not. */
const beyondTheSchema = new Set([
  // The text and its size.
  "key_twice.json",
  "key_twice_by_escape.json",
  "key_twice_inside.json",
  "lone_surrogate.json",
  "nested_too_deep.json",
  "too_many_values.json",
  // Bytes: the schema counts characters.
  "stage_title_too_long.json",
  "status_name_too_long.json",
  // Rules between members.
  "stage_twice.json",
  "stage_update_status_final.json",
  "stage_update_status_not_declared.json",
  "status_twice.json",
]);

const validate = new Ajv2020({ allErrors: false, strict: true }).compile(
  JSON.parse(readFileSync(new URL("docs/workflow.schema.json", root), "utf8")) as object,
);

function isValid(url: URL): boolean {
  let declaration: unknown;
  try {
    declaration = JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(readFileSync(url)));
  } catch {
    return false; // Not JSON, so the schema is not asked.
  }
  return validate(declaration);
}

describe("docs/workflow.schema.json agrees with the readers", () => {
  const expected = JSON.parse(readFileSync(new URL("expected.json", folder), "utf8")) as Record<
    string,
    { what: string } | null
  >;

  test("every declaration has an expected result", () => {
    const names = readdirSync(folder).filter((name) => name.endsWith(".json") && name !== "expected.json");
    expect(names.sort()).toEqual(Object.keys(expected).sort());
  });

  test.each(Object.keys(expected))("%s", (name) => {
    const isAccepted = expected[name] === null || beyondTheSchema.has(name);
    expect(isValid(new URL(name, folder)), JSON.stringify(validate.errors)).toBe(isAccepted);
  });

  test("the readers refuse what is beyond the schema", () => {
    for (const name of beyondTheSchema) {
      expect(expected[name], name).not.toBeNull();
    }
  });

  const committed = [
    ...readdirSync(new URL("workflows/", root)).map((name) => `workflows/${name}`),
    ...readdirSync(new URL("examples/", root))
      .map((name) => `examples/${name}/workflow.json`)
      .filter((path) => existsSync(new URL(path, root))),
  ];
  test.each(committed)("%s is valid", (path) => {
    expect(isValid(new URL(path, root)), JSON.stringify(validate.errors)).toBe(true);
  });
});
