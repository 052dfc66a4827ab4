// Builds dist/esm and dist/cjs from src/: tsc compiles and writes declarations, and Rollup bundles the entries. Why
// Rollup: both formats get chunks that entries share, so that page-wide objects exist once; it keeps `new URL(file,
// import.meta.url)` as bundlers look for it; and it runs on Node 18. CMake builds dist/regstream.wasm.
import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { rollup } from "rollup";

import { entryNames } from "./entries.mjs";

const here = fileURLToPath(new URL(".", import.meta.url));
const compiler = join(dirname(createRequire(import.meta.url).resolve("typescript/package.json")), "bin/tsc");

/** What bin/ runs; not an entry of the package. */
const command = { workflow_command: "workflow/command" };

const formats = {
  esm: { format: "es" },
  // A CommonJS file has __filename. Rollup would use `document`, which Jest's environment for pages has, too.
  cjs: { format: "cjs", exports: "named", dynamicImportInCjs: false },
};

const ownAddress = {
  name: "own-address",
  resolveImportMeta: (property, { format }) =>
    format === "cjs" && property === "url" ? 'require("node:url").pathToFileURL(__filename).href' : null,
};

/** Rollup drops a module's directive, but the importers of an entry need it: "use client", say. */
const directiveOf = (folder, name) => /^"use \w+";/.exec(readFileSync(join(folder, `${name}.js`), "utf8"))?.[0] ?? "";

async function bundle(compiled, inputs, folder, options) {
  const build = await rollup({
    input: Object.fromEntries(Object.entries(inputs).map(([name, file]) => [name, join(compiled, `${file}.js`)])),
    // Modules outside the package are peers, or Node's.
    external: (id) => /^[\w@]/.test(id),
    plugins: [ownAddress],
    onwarn(warning) {
      if (warning.code !== "MODULE_LEVEL_DIRECTIVE") {
        throw new Error(warning.message);
      }
    },
  });
  await build.write({
    ...options,
    dir: folder,
    entryFileNames: "[name].js",
    // Beside the entries: every file of a format finds the module at ../regstream.wasm.
    chunkFileNames: "chunk_[name].js",
    hoistTransitiveImports: false,
    banner: ({ isEntry, name }) => (isEntry ? directiveOf(compiled, inputs[name]) : ""),
  });
}

const compiled = mkdtempSync(join(tmpdir(), "regstream-package-"));
try {
  const options = ["-p", join(here, "tsconfig.build.json"), "--outDir", compiled];
  execFileSync(process.execPath, [compiler, ...options], { stdio: "inherit" });
  const entries = Object.fromEntries(entryNames().map((name) => [name, name]));
  for (const [name, options] of Object.entries(formats)) {
    const folder = join(here, "dist", name);
    rmSync(folder, { recursive: true, force: true });
    await bundle(compiled, name === "esm" ? { ...entries, ...command } : entries, folder, options);
    // One text of declarations serves both formats; the nearest package.json decides which.
    cpSync(compiled, folder, { recursive: true, filter: (file) => !file.endsWith(".js") });
  }
  writeFileSync(join(here, "dist/cjs/package.json"), '{ "type": "commonjs" }\n');
} finally {
  rmSync(compiled, { recursive: true });
}
