// Writes package.json's list of entries, and src/generated/: modules of the built-in workflow, the embedded WebAssembly
// module, and what the package shares with the native broker. So nobody copies them by hand, and a bundler needs no
// further file. Runs before each build, check and test, by vite-node, since the code that writes a workflow's module is
// the package's own TypeScript.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";

import { entryMembers } from "./entries.mjs";
import { readDeclaration } from "./src/workflow/declaration_text.ts";
import { moduleText } from "./src/workflow/module_text.ts";

const root = new URL("../", import.meta.url);
const folder = new URL("./src/generated/", import.meta.url);
const read = (file) => readFileSync(new URL(file, root));

const registration = "workflows/registration.json";
const scripts = "native/broker/scripts/history/";
const parts = readdirSync(new URL(scripts, root)).filter((name) => name.endsWith(".lua"));
const script = parts
  .sort()
  .map((name) => read(scripts + name))
  .join("");
const passingErrors = JSON.parse(read("native/broker/passing_errors.json"));

const manifestFile = new URL("wasm/package.json", root);
const manifest = JSON.parse(readFileSync(manifestFile, "utf8"));
const module = new URL("wasm/dist/regstream.wasm", root);
if (!existsSync(module)) {
  throw new Error("wasm/dist/regstream.wasm is missing: ./dev build makes it");
}

const modules = {
  // Checked here, so that no page has to.
  "registration.ts": moduleText(readDeclaration(read(registration), registration), registration, {
    name: "frozenWorkflow",
    from: "../workflow/workflow.js",
  }),
  "package_version.ts": `// Generated from package.json by generate.mjs.

export const packageVersion = ${JSON.stringify(manifest.version)};
`,
  "module_in_base64.ts": `// Generated from dist/regstream.wasm by generate.mjs.

export const moduleInBase64 =
  "${readFileSync(module).toString("base64")}";
`,
  "history_script.ts": `// Generated from native/broker/scripts/history by generate.mjs.

/** The digest by which Redis knows the script. */
export const historyScriptDigest = "${createHash("sha1").update(script).digest("hex")}";

export const historyScript = ${JSON.stringify(script)};
`,
  "passing_errors.ts": `// Generated from native/broker/passing_errors.json by generate.mjs.

/** Redis's replies while it refuses all calls or all writes; the script has then written nothing. */
export interface PassingError {
  /** The first word of the reply. */
  readonly code: string;
  /** The end of a sentence about Redis. */
  readonly reason: string;
  /** Another server may have the address by now, and accept writes. */
  readonly needsNewConnection?: boolean;
}

export const passingErrors: readonly PassingError[] = ${JSON.stringify(passingErrors, null, 2)};
`,
};

/** An unchanged file is not written: builds compare file times. */
function write(target, text) {
  const present = existsSync(target) ? readFileSync(target, "utf8") : null;
  if (present !== text) {
    writeFileSync(target, text);
  }
}

mkdirSync(folder, { recursive: true });
for (const [name, text] of Object.entries(modules)) {
  write(new URL(name, folder), text);
}
write(manifestFile, `${JSON.stringify({ ...manifest, ...entryMembers() }, null, 2)}\n`);
