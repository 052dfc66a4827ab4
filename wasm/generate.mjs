// Writes package.json's list of entries, and src/generated/: the words of the built-in workflow, the embedded module,
// and what the native broker has too, as modules, so that nobody copies them by hand and a bundler needs no file of
// ours. Runs before each build, check and test, by vite-node: the code that writes a workflow's module is the package's
// own, in TypeScript.
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
  // Its rules are checked here, so that no page has to.
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

/** By which Redis knows the script once it has run it. */
export const historyScriptDigest = "${createHash("sha1").update(script).digest("hex")}";

export const historyScript = ${JSON.stringify(script)};
`,
  "passing_errors.ts": `// Generated from native/broker/passing_errors.json by generate.mjs.

/** What Redis answers while it takes no calls, or no writes, from anybody; the script has written nothing then. */
export interface PassingError {
  /** The first word of the reply. */
  readonly code: string;
  /** The end of a sentence about Redis. */
  readonly reason: string;
  /** Another server may have the address by now, and take writes. */
  readonly needsNewConnection?: boolean;
}

export const passingErrors: readonly PassingError[] = ${JSON.stringify(passingErrors, null, 2)};
`,
};

/** Left alone where nothing has changed: a build goes by the file's time. */
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
