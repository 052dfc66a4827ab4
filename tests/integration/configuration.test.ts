import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { describe, expect, test } from "vitest";

import { regstream } from "../processes/gateway.ts";
import { temporaryFolder } from "../processes/temporary_folder.ts";

async function run(args: string[], environment: NodeJS.ProcessEnv = {}): Promise<[number | null, string]> {
  const child = regstream(["serve", ...args], environment);
  return [await child.exited, child.log];
}

function fileOf(text: string): string {
  const file = join(temporaryFolder(), "regstream.toml");
  writeFileSync(file, text);
  return file;
}

describe("the options of serve", () => {
  test("come from the command line, the environment, a file, and defaults, in this order", async () => {
    const file = fileOf('port = 1\nretry-ms = 2\nallow-host = ["a.example", "b.example"]\nrequire-redis = true\n');
    const [code, log] = await run(["--print-config", "--port", "3"], {
      REGSTREAM_CONFIG: file,
      REGSTREAM_PORT: "4",
      REGSTREAM_RETRY_MS: "5",
      REGSTREAM_DEPLOYMENT: "production",
      REGSTREAM_SERVICE_HOST: "10.0.0.1",
    });
    expect([code, log.split("\n")]).toEqual([
      0,
      expect.arrayContaining([
        "port = 3  # command line",
        "retry-ms = 5  # REGSTREAM_RETRY_MS",
        `allow-host = ["a.example", "b.example"]  # ${file}:3:1`,
        `require-redis = true  # ${file}:4:1`,
        'deployment = "production"  # REGSTREAM_DEPLOYMENT',
        '# address = "127.0.0.1"  # default',
      ]),
    ]);
  });

  test("are printed as an equivalent file", async () => {
    const given = [
      "--port",
      "0",
      "--allow-host",
      "a.example",
      "--publish-route=off",
      "--demo",
      "--t24-fault-rate",
      "0.5",
      "--journal=",
    ];
    const [, printed] = await run(["--print-config", ...given]);
    const [code, again] = await run(["--print-config", "--config", fileOf(printed)]);
    const values = (text: string): string[] => text.split("\n").map((line) => line.replace(/ {2}#.*/, ""));
    expect(code).toBe(0);
    expect(values(again)).toEqual(values(printed));
    expect(values(printed)).toContain('journal = ""');
  });

  test.each<[string, string[], NodeJS.ProcessEnv, string | undefined, RegExp]>([
    ["an unknown option", ["--prot=7"], {}, undefined, /--prot=7; did you mean --port\?/],
    ["an unknown variable", [], { REGSTREAM_PROT: "7" }, undefined, /REGSTREAM_PROT: .*did you mean REGSTREAM_PORT\?/],
    [
      "an unknown key",
      [],
      {},
      "\nalow-host = 'x'\n",
      /regstream\.toml:2:1: "alow-host" is not an option of `serve`; did you mean allow-host\?/,
    ],
    [
      "an unknown name",
      ["--publish-route", "onn"],
      {},
      undefined,
      /--publish-route: "onn" is not in \{auto,on,off\}; did you mean on\?/,
    ],
    [
      "the same in a variable",
      [],
      { REGSTREAM_PUBLISH_ROUTE: "of" },
      undefined,
      /REGSTREAM_PUBLISH_ROUTE: .*did you mean on\?|off\?/,
    ],
    ["a number out of range", [], {}, "port = 65536\n", /regstream\.toml:1:1: --port: .*65536/],
    ["a number in quotes", [], {}, "port = '80'\n", /regstream\.toml:1:1: port takes a number, without quotes/],
    ["a blank value", [], {}, "redis = ' '\n", /regstream\.toml:1:1: --redis: " " is empty/],
    ["no TOML", [], {}, "port: 80\n", /regstream\.toml:1:\d+: /],
    ["a section", [], {}, "[tls]\ncert = 'x'\n", /regstream\.toml:1:2: "tls" is a section/],
  ])("refuse %s", async (_name, args, environment, text, expected) => {
    const [code, log] = await run([...args, ...(text === undefined ? [] : ["--config", fileOf(text)])], environment);
    expect(code).toBe(2);
    expect(log).toMatch(expected);
  });

  test("refuse a missing file", async () => {
    const [code, log] = await run(["--config", join(temporaryFolder(), "none.toml")]);
    expect(code).toBe(2);
    expect(log).toMatch(/none\.toml" can't be read: No such file or directory/);
  });

  test("are listed in docs/configuration.md as the program prints them", async () => {
    const document = readFileSync(fileURLToPath(new URL("../../docs/configuration.md", import.meta.url)), "utf8");
    const [, table] = await run(["--print-options"]);
    const [, written] = document.split("<!-- options -->\n\n");
    expect(
      written,
      "Write it anew: sed -i '/^<!-- options/q' docs/configuration.md && " +
        "{ echo; build/bin/regstream serve --print-options; } >> docs/configuration.md",
    ).toBe(table);
  });
});
