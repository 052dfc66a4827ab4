import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { describe, expect, it } from "vitest";

import { DeclarationError, defineWorkflow } from "../../src/workflow.js";
import { DeclarationTextError, readDeclaration } from "../../src/workflow/declaration_text.js";

/** In a separate function: Vite would take the expression for an asset of a page. */
function testUrl(): string {
  return import.meta.url;
}

interface Problem {
  readonly line: number;
  readonly member: string;
  readonly what: string;
}

// The same files as the native reader's (tests/unit/workflow/read_workflow_test.cpp).
const folder = fileURLToPath(new URL("../../../tests/vectors/workflows/", testUrl()).href);
const read = (name: string) => readFileSync(`${folder}${name}`);
const expected = JSON.parse(read("expected.json").toString()) as Readonly<Record<string, Problem | null>>;
const names = readdirSync(folder).filter((name) => name.endsWith(".json") && name !== "expected.json");

function problemOf(bytes: Uint8Array): Problem | null {
  try {
    readDeclaration(bytes, "file");
    return null;
  } catch (error) {
    const { line, member, what } = error as DeclarationTextError;
    expect(error).toBeInstanceOf(DeclarationTextError);
    return { line, member, what };
  }
}

describe("the declarations that all readers share", () => {
  it("all have an expected result", () => {
    expect(names.sort()).toEqual(Object.keys(expected).sort());
    expect(names.length).toBeGreaterThan(100);
  });

  it.each(names)("%s", (name) => {
    expect(problemOf(read(name))).toEqual(expected[name]);
  });

  it.each(names)("%s is defined, or refused for the same reason, as an object", (name) => {
    const problem = expected[name] ?? null;
    let value: unknown;
    try {
      value = JSON.parse(read(name).toString());
    } catch {
      return expect(problem?.what).toMatch(/^is no valid|byte order mark$/);
    }
    // Mistakes that only a text can have: bytes, a name given twice, limits against a hostile file.
    if (/given twice|no valid|deeper than|more than|byte order/.test(problem?.what ?? "")) {
      return expect(problem).not.toBeNull();
    }
    const define = () => defineWorkflow(value as never);
    if (problem === null) {
      return expect(define()).toMatchObject({ name: expect.any(String) as string });
    }
    expect(define).toThrow(DeclarationError);
    return expect(define).toThrow(new DeclarationError(problem.member, problem.what));
  });

  it("may have at most 64 KiB", () => {
    const good = read("good_orders.json").toString();
    const grown = (bytes: number) => new TextEncoder().encode(good.padEnd(bytes));
    expect(problemOf(grown(65_536))).toBeNull();
    expect(problemOf(grown(65_537))).toEqual({ line: 1, member: "", what: "is longer than 65536 bytes" });
  });
});
