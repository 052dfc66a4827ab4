import { describe, expect, it } from "vitest";

import { isScriptUnknown, readFailure } from "../src/redis_failure.js";

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
    ["CROSSSLOT Keys in request don't hash to the same slot", "refused"],
    ["ERR unknown command 'evalsha'", "refused"],
    ["Connection in subscriber mode, only subscriber commands may be used", "refused"],
    ["Cannot send commands in PubSub mode", "refused"],
  ])("%s: %s", (message, kind) => {
    const failure = readFailure(new Error(message));
    expect(failure.kind).toBe(kind);
    expect(isScriptUnknown(new Error(message))).toBe(false);
  });

  it("shows a system error's code, and not its text", () => {
    const error = Object.assign(new Error("connect ECONNREFUSED redis://user:hunter2@db"), { code: "ECONNREFUSED" });
    expect(readFailure(error).message).toContain("(ECONNREFUSED)");
    expect(readFailure(error).message).not.toContain("hunter2");
  });

  it("shows no password that Redis quotes, nor the command that the error carries", () => {
    const error = Object.assign(new Error("ERR unknown command `AUTH`, with args beginning with: `hunter2`, "), {
      command: { name: "evalsha", args: ["hunter2"] },
    });
    const failure = readFailure(error);
    expect(failure.message).toBe("redis refused the update: ERR unknown command `AUTH` (ERR)");
    expect(failure.cause).toBeUndefined();
  });

  it("shows a reply on one line of bounded length", () => {
    expect(readFailure(new Error(`ERR \u001b[2J\n${"x".repeat(1_000)}`)).message).toMatch(/^[ -~]{1,220}$/);
  });

  it("may be anything", () => {
    for (const error of [undefined, null, "ERR", { code: 7 }]) {
      expect(readFailure(error).kind).toBe("unreachable");
    }
  });
});
