import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";

import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const document = readFileSync(join(root, "docs/bounds.md"), "utf8");

function filesIn(...folders: string[]): string[] {
  return folders
    .flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: "utf8" }).map((file) => join(root, folder, file)),
    )
    .filter((file) => !/node_modules|\/dist\//.test(file));
}

/** `Limits::member` of every struct of limits in a header. */
function declaredBounds(): string[] {
  return filesIn("core/include", "native")
    .filter((file) => file.endsWith(".hpp"))
    .flatMap((file) =>
      [...readFileSync(file, "utf8").matchAll(/^struct (\w+Limits) \{\n([^]*?)^\};/gm)].flatMap(
        ([, name = "", body = ""]) =>
          [...body.matchAll(/^ {2}[\w:]+ (\w+_max)\b/gm)].map(([, member = ""]) => `${name}::${member}`),
      ),
    );
}

/** The rows of the tables, as cells. */
const rows = document
  .split("\n")
  .filter((line) => line.startsWith("| ") && !/^\| (bound|---) /.test(line))
  .map((line) => line.slice(2, -2).split(" | "));

describe("the list of bounds", () => {
  it("has a row for each member of each struct of limits", () => {
    const bounds = declaredBounds();
    expect(bounds.length).toBeGreaterThan(40);
    const missing = bounds.filter((bound) => {
      const [struct = "", member = ""] = bound.split("::");
      return !rows.some(([cell = ""]) => cell.includes(`\`${struct}`) && new RegExp(`\\b${member}\\b`).test(cell));
    });
    expect(missing).toEqual([]);
  });

  it("has for each its value, what happens, who learns of it, and the test that reaches it", () => {
    expect(rows.filter((cells) => cells.length !== 5 || cells.some((cell) => cell.trim() === ""))).toEqual([]);
  });

  it("names only tests, situations and canaries that exist", () => {
    const tests = new Set(filesIn("tests", "wasm/test", "web-demo/test").map((file) => basename(file)));
    const simulation = ["coverage.cpp", "fault_plan.cpp"]
      .map((file) => readFileSync(join(root, "native/simulation", file), "utf8"))
      .join("");
    const names = rows.flatMap((cells) => [...(cells[4] ?? "").matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name));
    const missing = names.filter(
      (name) => !tests.has(basename(name)) && !tests.has(`${name}.cpp`) && !simulation.includes(`"${name}"`),
    );
    expect(missing).toEqual([]);
  });
});
