import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { describe, expect, it } from "vitest";

import { historyScript, historyScriptDigest } from "../../src/generated/history_script.js";

const scriptPath = fileURLToPath(new URL("../../../native/broker/scripts/history.lua", testUrl()).href);

/** In one step, Vite would take it for an asset of a page. */
function testUrl(): string {
  return import.meta.url;
}

describe("the history's script", () => {
  it("is the very text that the native broker sends", () => {
    expect(historyScript).toBe(readFileSync(scriptPath, "utf8"));
  });

  it("has the digest by which Redis knows it", () => {
    expect(historyScriptDigest).toBe(createHash("sha1").update(readFileSync(scriptPath)).digest("hex"));
  });
});
