import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { expect, it } from "vitest";

const packageFolder = fileURLToPath(new URL("..", import.meta.url).href);

it("a build begins with nothing that an earlier one compiled", () => {
  const { scripts } = JSON.parse(readFileSync(join(packageFolder, "package.json"), "utf8")) as {
    scripts: Record<string, string>;
  };
  expect(scripts["build"]).toMatch(/ && node clean\.mjs && tsc /);

  const folder = mkdtempSync(join(tmpdir(), "regstream-dist-"));
  mkdirSync(join(folder, "core"));
  for (const file of ["regstream.wasm", "stream.js", "stream.d.ts", "core/batch_text.js"]) {
    writeFileSync(join(folder, file), "");
  }
  const clean = (name: string) => execFileSync(process.execPath, [join(packageFolder, "clean.mjs"), name]);
  clean(folder);
  expect(readdirSync(folder, { recursive: true }).sort()).toEqual(["core", "regstream.wasm"]);
  rmSync(folder, { recursive: true });
  // The first build has nothing to remove.
  clean(folder);
});
