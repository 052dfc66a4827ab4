import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { describe, expect, it } from "vitest";

import { historyScript, historyScriptDigest } from "../../src/generated/history_script.js";

const folder = fileURLToPath(new URL("../../../native/broker/scripts/history", testUrl()).href);
const script = readdirSync(folder)
  .sort()
  .map((name) => readFileSync(join(folder, name), "utf8"))
  .join("");

/** In a separate function: Vite would take the expression for an asset of a page. */
function testUrl(): string {
  return import.meta.url;
}

describe("the history's script", () => {
  it("is exactly the text that the native broker sends", () => {
    expect(historyScript).toBe(script);
  });

  it("has the digest by which Redis knows it", () => {
    expect(historyScriptDigest).toBe(createHash("sha1").update(script).digest("hex"));
  });
});
