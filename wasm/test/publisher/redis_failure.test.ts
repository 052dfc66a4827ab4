import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { describe, expect, it } from "vitest";

import { passingErrors } from "../../src/generated/passing_errors.js";
import { findPassingError, isScriptUnknown, readFailure } from "../../src/publisher/redis_failure.js";

const channel = "service:loans";

/** In a separate function: Vite would take the expression for an asset of a page. */
function testUrl(): string {
  return import.meta.url;
}

const root = fileURLToPath(new URL("../../..", testUrl()).href);

describe("the errors that pass", () => {
  it.each(passingErrors.map((error) => [error.code, error] as const))("%s is found by its code", (code, error) => {
    expect(findPassingError(new Error(`${code} in Redis's words`))).toBe(error);
    expect(readFailure(new Error(code), channel).kind).toBe("unreachable");
    const before7 = `ERR Error running script (call to f_1): @user_script:3: @user_script: 3: -${code} in its words`;
    expect(findPassingError(new Error(before7))).toBe(error);
    expect(findPassingError(new Error(`ERR ${code}`))).toBeNull();
  });

  it("are listed in one file, from which the others are generated", () => {
    const list = join("native", "broker", "passing_errors.json");
    expect(passingErrors).toEqual(JSON.parse(readFileSync(join(root, list), "utf8")));
    const copies = ["core", "native", join("wasm", "src")]
      .flatMap((folder) =>
        readdirSync(join(root, folder), { recursive: true, encoding: "utf8" }).map((name) => join(folder, name)),
      )
      .filter((name) => !name.includes("generated") && /\.(cpp|hpp|in|cmake|ts|mjs|json|lua)$/.test(name))
      .filter((name) => {
        const text = readFileSync(join(root, name), "utf8");
        return (
          passingErrors.filter(({ code }) => new RegExp(`\\b${code}\\b`).test(text)).length > passingErrors.length / 2
        );
      });
    expect(copies).toEqual([list]);
  });
});

describe("a client's error", () => {
  it.each([
    ["Connection is closed.", "unreachable"],
    ["Socket closed unexpectedly", "unreachable"],
    ["The client is closed", "unreachable"],
    ["Reached the max retries per request limit (which is 20).", "unreachable"],
    ["Command timed out", "unreachable"],
    ["LOADING Redis is loading the dataset in memory", "unreachable"],
    ["BUSY Redis is busy running a script.", "unreachable"],
    ["MISCONF Redis is configured to save RDB snapshots", "unreachable"],
    ["NOAUTH Authentication required.", "unreachable"],
    ["NOPERM this user has no permissions to run the 'evalsha' command", "refused"],
    ["ERR The user executing the script can't run this command or subcommand script: 1a2b", "refused"],
    ["ERR ACL failure in script: User default has no permissions to run the 'get' command", "refused"],
    ["MOVED 1234 127.0.0.1:7001", "unreachable"],
    ["ERR unknown command 'evalsha'", "refused"],
    ["Connection in subscriber mode, only subscriber commands may be used", "refused"],
    ["Cannot send commands in PubSub mode", "refused"],
  ])("%s: %s", (message, kind) => {
    const failure = readFailure(new Error(message), channel);
    expect(failure.kind).toBe(kind);
    expect(isScriptUnknown(new Error(message))).toBe(false);
    expect(failure.message.includes("(NOPERM)")).toBe(/NOPERM|the script can't|ACL failure/.test(message));
  });

  it("gives the reason after ioredis's many tries in a cluster, and is uncertain because of the earlier ones", () => {
    const error = new Error("Too many Cluster redirections. Last error: ReplyError: TRYAGAIN Multiple keys request");
    expect(readFailure(error, channel)).toMatchObject({
      kind: "unreachable",
      message: expect.stringContaining("(TRYAGAIN)") as string,
    });
    expect(findPassingError(error)).toBeNull();
    const closed = new Error("Too many Cluster redirections. Last error: Error: Connection is closed.");
    expect(readFailure(closed, channel)).toMatchObject({
      kind: "unreachable",
      message: expect.stringContaining("can't be reached") as string,
    });
  });

  it("names the keys of its channel", () => {
    expect(readFailure(new Error("NOPERM"), channel).message).toContain(
      "~{service:loans}:* and the channel &service:loans",
    );
    expect(readFailure(new Error("WRONGTYPE"), channel).message).toContain("the key {service:loans}:history");
  });

  it("shows a system error's code but not its text", () => {
    const error = Object.assign(new Error("connect ECONNREFUSED redis://user:hunter2@db"), { code: "ECONNREFUSED" });
    expect(readFailure(error, channel).message).toContain("(ECONNREFUSED)");
    expect(readFailure(error, channel).message).not.toContain("hunter2");
  });

  it("shows neither a password that Redis quotes nor the error's command", () => {
    const error = Object.assign(new Error("ERR unknown command `AUTH`, with args beginning with: `hunter2`, "), {
      command: { name: "evalsha", args: ["hunter2"] },
    });
    const failure = readFailure(error, channel);
    expect(failure.message).toBe("redis refused the update: ERR unknown command `AUTH` (ERR)");
    expect(failure.cause).toBeUndefined();
  });

  it("shows a reply on one line of bounded length", () => {
    expect(readFailure(new Error(`ERR \u001b[2J\n${"x".repeat(1_000)}`), channel).message).toMatch(/^[ -~]{1,220}$/);
  });

  it("may be anything", () => {
    for (const error of [undefined, null, "ERR", { code: 7 }]) {
      expect(readFailure(error, channel).kind).toBe("unreachable");
    }
  });
});
