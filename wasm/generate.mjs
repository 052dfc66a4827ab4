// Writes src/publisher/generated/: what the native broker has too, as modules, so that nobody copies it by hand and a
// bundler needs no file of ours. Runs before each build, check and test.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";

const broker = new URL("../native/broker/", import.meta.url);
const folder = new URL("./src/publisher/generated/", import.meta.url);

const script = readFileSync(new URL("scripts/history.lua", broker), "utf8");
const passingErrors = JSON.parse(readFileSync(new URL("passing_errors.json", broker), "utf8"));

const modules = {
  "history_script.ts": `// Generated from native/broker/scripts/history.lua by generate.mjs.

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
function isUpToDate(target, text) {
  try {
    return readFileSync(target, "utf8") === text;
  } catch {
    return false;
  }
}

mkdirSync(folder, { recursive: true });
for (const [name, text] of Object.entries(modules)) {
  const target = new URL(name, folder);
  if (!isUpToDate(target, text)) {
    writeFileSync(target, text);
  }
}
