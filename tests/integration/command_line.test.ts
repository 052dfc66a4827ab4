import { createServer } from "node:http";
import { join } from "node:path";

import { describe, expect, test } from "vitest";

import { regstream } from "../processes/gateway.ts";
import { temporaryFolder } from "../processes/temporary_folder.ts";

/** Commands of a terminal (C0, DEL, C1), what turns the direction of text, and what ends a line. */
const hostile = "\u0007\u001b[2J\u007f\u0085\u009b31m\u061c\u200f\u202egpj.exe\u2069\u2028";
const unsafe = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/;

async function failure(args: string[], environment: NodeJS.ProcessEnv = {}): Promise<[number | null, string]> {
  const child = regstream(args, environment);
  return [await child.exited, child.log];
}

describe("what the command line refuses, it names with its value", () => {
  test.each<[string, string[], NodeJS.ProcessEnv, RegExp]>([
    ["a port that is no number", ["serve", "--port", "http"], {}, /--port: .*http/],
    ["a port that is too large", ["serve", "--port", "65536"], {}, /--port: .*65536/],
    ["an empty address", ["serve", "--address", ""], {}, /--address: "" is empty/],
    ["an empty address after =", ["serve", "--address=", "--port", "0"], {}, /--address: "" is empty/],
    ["a blank address", ["serve", "--address", " "], {}, /--address: " " is empty/],
    ["an address with a port", ["serve", "--address", "127.0.0.1:80"], {}, /--address: "127\.0\.0\.1:80" .* the port with --port/],
    ["an address in brackets", ["serve", "--address", "[::1]"], {}, /--address: "\[::1\]" .* without brackets/],
    ["an empty address of the mock", ["mock", "--scenario", "x", "--address", ""], {}, /--address: "" is empty/],
    ["an empty Redis", ["serve", "--redis", ""], {}, /--redis: "" is empty/],
    ["an empty Redis to publish to", ["publish", "stage", "--redis="], {}, /--redis: "" is empty/],
    ["an empty database", ["serve", "--demo", "--database", ""], {}, /--database: "" is empty/],
    ["an empty page", ["serve", "--demo", "--page", ""], {}, /--page: "" is empty/],
    ["an empty URL", ["listen", "--url", ""], {}, /--url: "" is empty/],
    ["an empty scenario", ["mock", "--scenario", ""], {}, /--scenario: "" is empty/],
    ["a policy that is none", ["listen", "--url", "http://x", "--policy", "brave"], {}, /--policy: brave/],
    ["a bad REDIS_PORT", ["serve"], { REDIS_HOST: "localhost", REDIS_PORT: "6379/tcp" }, /REDIS_PORT: "6379\/tcp" is no port/],
    ["a REDIS_HOST with a port", ["serve"], { REDIS_HOST: "localhost:6379" }, /REDIS_HOST: "localhost:6379" is more than/],
    ["a URL for Redis", ["serve", "--redis", "redis://:hunter2@host/0"], {}, /--redis: "redis:\/\/…@host\/0" is a URL/],
    ["a misspelt option", ["serve", "--rediss=redis://:hunter2@host"], {}, /--rediss=redis:\/\/…@host/],
  ])("%s", async (_name, args, environment, expected) => {
    const [code, log] = await failure(args, { ...environment, REDIS_PASSWORD: "hunter2" });
    expect(code).toBe(2);
    expect(log).toMatch(expected);
    expect(log).not.toContain("hunter2");
  });

  test("a service link of Kubernetes gives the port", async () => {
    const [code, log] = await failure(["serve", "--port", "0"], { REDIS_HOST: "127.0.0.1", REDIS_PORT: "tcp://10.0.0.1:1" });
    expect(code).toBe(1);
    expect(log).toContain("127.0.0.1:1");
  });
});

describe("no raw text of others reaches a terminal", () => {
  test.each<[string, string[], NodeJS.ProcessEnv]>([
    ["an option's value", ["serve", "--port", hostile], {}],
    ["an unknown option", ["serve", `--${hostile}`], {}],
    ["an unknown command", [hostile], {}],
    ["an address", ["serve", "--address", hostile], {}],
    ["a variable", ["serve"], { REDIS_HOST: hostile }],
    ["a file's name", ["mock", "--scenario", join(temporaryFolder(), hostile)], {}],
    ["a journal's name", ["serve", "--port", "0", "--journal", join(temporaryFolder(), hostile, "journal")], {}],
    ["a folder's name", ["serve", "--port", "0", "--demo", "--page", `/${hostile}`], {}],
    ["a URL", ["listen", "--url", `http://${hostile}/`], {}],
    ["a header", ["listen", "--url", "http://127.0.0.1:1", "--header", `${hostile}: x`], {}],
    ["a file of seeds", ["simulate", "--kept", `/${hostile}`], {}],
  ])("in what is said about %s", async (_name, args, environment) => {
    const [code, log] = await failure(args, environment);
    expect(code).toBeGreaterThan(0);
    expect(log).not.toMatch(unsafe);
    expect(log.length).toBeLessThan(4_000);
  });

  test("parse prints JSON of the same value", async () => {
    const text = hostile.replace("\u0085", "\u0085é😀");
    const child = regstream(["parse"], {}, `event: ${text}\ndata: ${text}\nid: ${text}\n\n`);
    expect(await child.exited).toBe(0);
    expect(child.log).not.toMatch(unsafe);
    expect(JSON.parse(child.log.split("\n")[0] ?? "")).toEqual({ type: text, data: text, lastEventId: text });
    expect(child.log).toContain("é😀");
  });

  test("listen prints JSON of the same value", async () => {
    const server = createServer((_request, response) => {
      response.writeHead(200, { "Content-Type": "text/event-stream" });
      response.write(`:${hostile}\ndata: ${hostile}\n\n`);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("no port");
    const child = regstream(["listen", "--url", `http://127.0.0.1:${address.port}/`]);
    await child.untilOutput(/"type".*\n/);
    await child.stop();
    server.closeAllConnections();
    server.close();
    expect(child.log).not.toMatch(unsafe);
    const lines = child.log.trim().split("\n").map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines).toContainEqual({ kind: "comment", comment: hostile });
    expect(lines).toContainEqual({ type: "message", data: hostile, lastEventId: "" });
  });
});
