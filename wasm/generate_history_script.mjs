// Writes src/generated/history_script.ts: the script that the native broker sends to Redis, as text in a module, so
// that nobody copies it by hand and a bundler needs no file of ours. Runs before each build, check and test.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";

const source = new URL("../native/broker/scripts/history.lua", import.meta.url);
const target = new URL("./src/generated/history_script.ts", import.meta.url);

const script = readFileSync(source, "utf8");
const text = `// Generated from native/broker/scripts/history.lua by generate_history_script.mjs.

/** By which Redis knows the script once it has run it. */
export const historyScriptDigest = "${createHash("sha1").update(script).digest("hex")}";

export const historyScript = ${JSON.stringify(script)};
`;

/** Left alone where nothing has changed: a build goes by the file's time. */
function isUpToDate() {
  try {
    return readFileSync(target, "utf8") === text;
  } catch {
    return false;
  }
}

if (!isUpToDate()) {
  mkdirSync(new URL(".", target), { recursive: true });
  writeFileSync(target, text);
}
