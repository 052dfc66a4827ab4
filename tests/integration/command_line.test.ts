import { createServer } from "node:http";
import { join } from "node:path";

import { describe, expect, test } from "vitest";

import { regstream } from "../processes/gateway.ts";
import { temporaryFolder } from "../processes/temporary_folder.ts";

/** Terminal commands (C0, DEL, C1), marks that change the text's direction, and line ends. */
const hostile = "\u0007\u001b[2J\u007f\u0085\u009b31m\u061c\u200f\u202egpj.exe\u2069\u2028";
const unsafe = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/;

async function failure(args: string[], environment: NodeJS.ProcessEnv = {}): Promise<[number | null, string]> {
  const child = regstream(args, environment);
  return [await child.exited, child.log];
}

describe("a refused option is named with its value", () => {
  test.each<[string, string[], NodeJS.ProcessEnv, RegExp]>([
    ["a port that is not a number", ["serve", "--port", "http"], {}, /--port: .*http/],
    ["a port that is too large", ["serve", "--port", "65536"], {}, /--port: .*65536/],
    ["an empty address", ["serve", "--address", ""], {}, /--address: "" is empty/],
    ["an empty address after =", ["serve", "--address=", "--port", "0"], {}, /--address: "" is empty/],
    ["a blank address", ["serve", "--address", " "], {}, /--address: " " is empty/],
    [
      "an address with a port",
      ["serve", "--address", "127.0.0.1:80"],
      {},
      /--address: "127\.0\.0\.1:80" .* the port with --port/,
    ],
    ["an address in brackets", ["serve", "--address", "[::1]"], {}, /--address: "\[::1\]" .* without brackets/],
    ["an empty address of the mock", ["mock", "--scenario", "x", "--address", ""], {}, /--address: "" is empty/],
    ["an empty Redis", ["serve", "--redis", ""], {}, /--redis: "" is empty/],
    ["an empty Redis to publish to", ["publish", "stage", "--redis="], {}, /--redis: "" is empty/],
    ["an empty database", ["serve", "--demo", "--database", ""], {}, /--database: "" is empty/],
    ["an empty page", ["serve", "--demo", "--page", ""], {}, /--page: "" is empty/],
    ["an empty URL", ["listen", "--url", ""], {}, /--url: "" is empty/],
    ["an empty scenario", ["mock", "--scenario", ""], {}, /--scenario: "" is empty; give a value$/m],
    [
      "an unknown policy",
      ["listen", "--url", "http://x", "--policy", "brave"],
      {},
      /--policy: "brave" is not in \{standard,resilient\}/,
    ],
    [
      "a bad REDIS_PORT",
      ["serve"],
      { REDIS_HOST: "localhost", REDIS_PORT: "6379/tcp" },
      /REDIS_PORT: "6379\/tcp" is not a port/,
    ],
    [
      "a REDIS_HOST with a port",
      ["serve"],
      { REDIS_HOST: "localhost:6379" },
      /REDIS_HOST: "localhost:6379" is more than/,
    ],
    [
      "a password for Redis",
      ["serve", "--redis", "redis://:hunter2@host/0"],
      {},
      /--redis: takes no user and no password, .* in the environment, as REDIS_USERNAME and REDIS_PASSWORD/,
    ],
    [
      "an invalid deployment name",
      ["serve", "--deployment", "the bank"],
      {},
      /--deployment: "the bank" is not a deployment/,
    ],
    [
      "a variable with an invalid deployment name",
      ["serve"],
      { REGSTREAM_DEPLOYMENT: "a/b" },
      /"a\/b" is not a deployment/,
    ],
    ["a misspelt option", ["serve", "--rediss=redis://:hunter2@host"], {}, /--rediss=redis:\/\/…@host/],
  ])("%s", async (_name, args, environment, expected) => {
    const [code, log] = await failure(args, { ...environment, REDIS_PASSWORD: "hunter2" });
    expect(code).toBe(2);
    expect(log).toMatch(expected);
    expect(log).not.toContain("hunter2");
  });

  const stage = [
    "publish",
    "stage",
    "--registration",
    "42",
    "--stage",
    "t24_lookup",
    "--status",
    "started",
    "--message",
    "x",
  ];
  const final = ["publish", "final", "--registration", "42", "--status", "FAILED", "--message", "x"];
  const listen = ["listen", "--url", "http://127.0.0.1:1/"];
  const nested = `{"a":${"[".repeat(100)}${"]".repeat(100)}}`;

  test.each<[string, string[], RegExp]>([
    ["a registration of 0", ["publish", "stage", "--registration", "0"], /--registration: Value 0 not in range/],
    [
      "a registration of 2^53",
      ["publish", "final", "--registration", "9007199254740992"],
      /--registration: Value 9007199254740992/,
    ],
    ["a registration that is not a number", ["publish", "final", "--registration", "4x"], /--registration: .*4x/],
    [
      "a long stage",
      ["publish", "stage", "--stage", "s".repeat(257)],
      /--stage: "s+…": stage must be .* at most 256 bytes/,
    ],
    ["an unknown stage status", ["publish", "stage", "--status", "done"], /--status: "done" is not in/],
    [
      "a long key",
      [...stage, "--key", "k".repeat(100_000)],
      /--key: "k+…": the update's key has 100000 bytes, .* \(256\): make it shorter$/m,
    ],
    ["a key of a byte more", [...final, "--key", "k".repeat(257)], /--key: "k+…": the update's key has 257 bytes/],
    ["details that are an array", [...final, "--details", "[1]"], /--details: the details must be a JSON object$/m],
    ["details that are empty in another way", [...final, "--details", "[]"], /--details: the details must be/],
    [
      "details with members of the update's",
      [...final, "--details", '{},"id":"1-1"'],
      /--details: the details must be/,
    ],
    ["details that are deep", [...final, "--details", nested], /--details: .*nested too deeply/],
    [
      "a process log that is an object",
      [...final, "--process-log", "{}"],
      /--process-log: the process log must be a JSON array$/m,
    ],
    [
      "a process log that is no JSON",
      [...final, "--process-log", "[1,]"],
      /--process-log: the process log must be a JSON array$/m,
    ],
    ["an invalid URL", ["listen", "--url", "127.0.0.1:1"], /--url: "127\.0\.0\.1:1": /],
    [
      "a URL with a password",
      ["listen", "--url", "http://me:hunter2@x/"],
      /--url: "http:\/\/…@x\/": a URL must not hold .* password/,
    ],
    [
      "a URL of another scheme",
      ["listen", "--url", "ftp://x/?token=hunter2"],
      /--url: "ftp:\/\/x\/\?…"?:? only https:\/\/ and http:\/\//,
    ],
    [
      "a CA file that is not there",
      [...listen, "--ca-file", "/nowhere/ca.pem"],
      /the CA file "\/nowhere\/ca.pem" can't be read/,
    ],
    ["a header without a value", [...listen, "--header", "foo"], /--header: "foo": there is no colon/],
    [
      "a header without a colon",
      [...listen, "--header", "Authorization hunter2"],
      /--header: "Authorization": there is no colon/,
    ],
    ["a header without a name", [...listen, "--header", ": hunter2"], /--header: "": a header's name must have/],
    [
      "a header with a blank in its name",
      [...listen, "--header", "Bearer hunter2: x"],
      /--header: "Bearer": a header's name must have/,
    ],
    [
      "a header of two lines",
      [...listen, "--header", "X-Token: hunter2\r\nY: z"],
      /--header: "X-Token": .*control character/,
    ],
    [
      "a header of the client's own",
      [...listen, "--header", "Connection: close"],
      /--header: "Connection": .*client itself/,
    ],
    ["a second header", [...listen, "--header", "X-One: 1", "--header", "bar"], /--header: "bar": there is no colon/],
    ["a method of two words", [...listen, "--method", "G T"], /--method: "G T": the method is not a word/],
    ["a method without a stream", [...listen, "--method", "HEAD"], /--method: "HEAD": .*can't carry a stream/],
    [
      "an event id of two lines",
      [...listen, "--last-event-id", "a\nb"],
      /--last-event-id: "a\\u000ab": .*control character/,
    ],
    [
      "a watch's URL with a password",
      ["watch", "--url", "http://me:hunter2@x/"],
      /--url: "http:\/\/…@x\/": a URL must not hold .* password/,
    ],
    ["a watch's registration that is no number", ["watch", "--registration", "4x"], /--registration: .*4x/],
    ["a watch's two ids", ["watch", "--registration", "42", "--id", "42"], /give either --id or --registration$/m],
    ["a port of the mock's", ["mock", "--port", "65536"], /--port: Value 65536/],
    ["an unknown canary", ["simulate", "--canary", "parrot"], /--canary: "parrot" is not a canary; the canaries are: /],
  ])("%s", async (_name, args, expected) => {
    const [code, log] = await failure(args);
    expect(code).toBe(2);
    expect(log).toMatch(expected);
    expect(log).not.toContain("hunter2");
  });

  // CLI11 would take these for 0, or for an option that was not given.
  test.each([
    ...["--registration", "--stage", "--status", "--message", "--key", "--redis"].map((option) => [
      "publish stage",
      option,
    ]),
    ...["--status", "--details", "--process-log", "--key"].map((option) => ["publish final", option]),
    ...["--url", "--policy", "--last-event-id", "--method", "--header", "--read-timeout-ms"].map((option) => [
      "listen",
      option,
    ]),
    ...["--port", "--allow-host", "--redis", "--history-length", "--publish-route", "--connections-per-client"].map(
      (option) => ["serve", option],
    ),
    ...["--ping-interval-ms", "--heartbeat-interval-ms", "--retry-ms", "--page", "--t24-fault", "--t24-fault-rate"].map(
      (option) => ["serve", option],
    ),
    ...["--url", "--registration", "--id", "--workflow", "--token-file"].map((option) => ["watch", option]),
    ...["--seed", "--seeds", "--seconds", "--steps", "--kept", "--trace", "--canary"].map((option) => [
      "simulate",
      option,
    ]),
    ...["--scenario", "--address", "--port"].map((option) => ["mock", option]),
    ["parse", "--chunk"],
  ] as [string, string][])("of %s an empty %s", async (command, option) => {
    for (const value of [[`${option}=`], [option, ""], [option, " \t"]]) {
      const [code, log] = await failure([...command.split(" "), ...value]);
      expect(code).toBe(2);
      expect(log).toMatch(new RegExp(`${option}: ".*" is empty; give a value`));
    }
  });

  test("but not an empty body, nor an empty name for no journal", async () => {
    const [code, log] = await failure(["listen", "--url", "http://127.0.0.1:1/", "--policy", "eager", "--body="]);
    expect([code, log]).toEqual([2, expect.stringMatching(/^--policy: /)]);
    const [serveCode, serveLog] = await failure(["serve", "--journal=", "--port", "x"]);
    expect([serveCode, serveLog]).toEqual([2, expect.stringMatching(/^--port: /)]);
  });

  test("a service link of Kubernetes sets the port", async () => {
    const [code, log] = await failure(["serve", "--port", "0", "--require-redis"], {
      REDIS_HOST: "127.0.0.1",
      REDIS_PORT: "tcp://10.0.0.1:1",
    });
    expect(code).toBe(1);
    expect(log).toContain("127.0.0.1:1");
  });
});

describe("no raw text from outside reaches a terminal", () => {
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
    const lines = child.log
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines).toContainEqual({ kind: "comment", comment: hostile });
    expect(lines).toContainEqual({ type: "message", data: hostile, lastEventId: "" });
  });
});
