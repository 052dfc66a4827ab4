// The package's entries are the files at the top of src/; nothing else lists them. generate.mjs writes package.json's
// `exports` and `typesVersions` from here, and build.mjs builds them.
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Names such as `index` and `react`, in the order of `exports`. */
export function entryNames() {
  const files = readdirSync(fileURLToPath(new URL("src", import.meta.url)));
  const names = files.filter((name) => name.endsWith(".ts")).map((name) => name.slice(0, -".ts".length));
  return names.sort((one, other) => Number(other === "index") - Number(one === "index") || one.localeCompare(other));
}

const built = (format, name) => ({
  types: `./dist/${format}/${name}.d.ts`,
  default: `./dist/${format}/${name}.js`,
});

/**
 * Node uses `import` or `require`. Bundlers know `module` and use the ESM build for both, so that a page gets one copy.
 */
function exportOf(name) {
  return { module: `./dist/esm/${name}.js`, import: built("esm", name), require: built("cjs", name) };
}

/** The members of package.json that name the entries. */
export function entryMembers(names = entryNames()) {
  const exports = Object.fromEntries(names.map((name) => [name === "index" ? "." : `./${name}`, exportOf(name)]));
  // TypeScript's `node10` resolution reads no `exports`.
  const types = names.filter((name) => name !== "index").map((name) => [name, [`./dist/cjs/${name}.d.ts`]]);
  return {
    main: "./dist/cjs/index.js",
    module: "./dist/esm/index.js",
    types: "./dist/cjs/index.d.ts",
    exports: { ...exports, "./regstream.wasm": "./dist/regstream.wasm", "./package.json": "./package.json" },
    typesVersions: { "*": Object.fromEntries(types) },
  };
}
