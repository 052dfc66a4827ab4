import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { runCommand } from "../../src/workflow/command.js";
import { csvImport } from "./csv_import.js";

let folder: string;
const at = (name: string) => join(folder, name);

function run(...args: readonly string[]) {
  let out = "";
  let error = "";
  const status = runCommand(args, { out: (text) => (out += text), error: (text) => (error += text) });
  return { status, out, error };
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "regstream-workflow-"));
  writeFileSync(at("csv-import.json"), JSON.stringify(csvImport, null, 2));
});

afterEach(() => rmSync(folder, { recursive: true }));

describe("regstream-workflow", () => {
  it("writes beside the declaration, and says where", () => {
    expect(run(at("csv-import.json"))).toEqual({ status: 0, out: `${at("csv-import.ts")}\n`, error: "" });
    expect(readFileSync(at("csv-import.ts"), "utf8")).toMatch(/^\/\/ Written from csv-import\.json by regstream/);
  });

  it("writes to --out, and leaves an up-to-date file alone", () => {
    const target = at("elsewhere.ts");
    expect(run(at("csv-import.json"), "--out", target).out).toBe(`${target}\n`);
    utimesSync(target, 1, 1);
    expect(run("--out", target, at("csv-import.json")).status).toBe(0);
    expect(statSync(target).mtimeMs).toBe(1000);
  });

  it("checks: 0 if the module is up to date, 1 if it is missing or stale, and writes nothing", () => {
    const check = () => run(at("csv-import.json"), "--check");
    expect(check()).toMatchObject({ status: 1, out: "" });
    expect(check().error).toBe(`${at("csv-import.ts")}: is missing: run regstream-workflow ${at("csv-import.json")}\n`);
    run(at("csv-import.json"));
    expect(check()).toEqual({ status: 0, out: "", error: "" });
    writeFileSync(at("csv-import.json"), JSON.stringify({ ...csvImport, inferStageStatus: true }));
    expect(check().error).toContain("csv-import.ts: is stale");
  });

  it("says what is wrong with a declaration: file, line and member", () => {
    const wrong = JSON.stringify(csvImport, null, 2).replace('"final"', '"finished"');
    const line = wrong.split("\n").findIndex((text) => text.includes("finished")) + 1;
    writeFileSync(at("csv-import.json"), wrong);
    expect(run(at("csv-import.json"))).toEqual({
      status: 1,
      out: "",
      error: `${at("csv-import.json")}:${line}: statuses[2].kind: must be open, final or failed\n`,
    });
  });

  it("fails if a file can't be read or written", () => {
    expect(run(at("nothing.json"))).toMatchObject({ status: 1, error: expect.stringContaining("ENOENT") });
    mkdirSync(at("csv-import.ts"));
    expect(run(at("csv-import.json"))).toMatchObject({ status: 1, error: expect.stringContaining("EISDIR") });
  });

  it.each([
    [[], /give one declaration's file/],
    [["a.json", "b.json"], /give one declaration's file/],
    [["a.yaml"], /a\.yaml does not end with \.json/],
    [["a.json", "--out", "a.json"], /--out names the declaration itself/],
    [["a.json", "--out"], /--out/],
    [["a.json", "--quiet"], /--quiet/],
  ])("refuses %j, and shows its usage", (args, why) => {
    const { status, error } = run(...args);
    expect(status).toBe(2);
    expect(error).toMatch(why);
    expect(error).toContain("Usage: regstream-workflow FILE");
  });

  it("shows its usage", () => {
    expect(run("--help")).toMatchObject({ status: 0, out: expect.stringContaining("Usage:"), error: "" });
  });
});
