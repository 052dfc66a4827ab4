// The commands that the documents show are there, with their options; those marked ```sh test are run.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { afterEach, describe, expect, test } from "vitest";

import { Child } from "../processes/child.ts";
import { Gateway, program } from "../processes/gateway.ts";
import { RedisServer } from "../processes/redis.ts";
import { temporaryFolder } from "../processes/temporary_folder.ts";
import { type Block, readCode, splitMarkdown } from "../vectors/markdown.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const read = (path: string): string => readFileSync(join(root, path), "utf8");
const documents = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard", "*.md"], {
  cwd: root,
  encoding: "utf8",
})
  .split("\0")
  .filter((path) => path !== "" && existsSync(join(root, path)));

const helpOf = (command: string): string =>
  execFileSync(program, [...command.split(" "), "--help"].filter(Boolean), { encoding: "utf8" });

/** The commands below one, "" being the program itself, as their help lists them: "serve", "publish stage". */
function commandsBelow(parent: string): readonly string[] {
  const listed = helpOf(parent).split(/^Subcommands:$/m)[1] ?? "";
  return [...listed.matchAll(/^ {2}([a-z]+) /gm)].flatMap(([, name = ""]) => {
    const command = `${parent} ${name}`.trim();
    const below = commandsBelow(command);
    return below.length === 0 ? [command] : below;
  });
}

const commands = commandsBelow("");

/** Those that `--help` leaves out: who writes the documents needs them, and nobody else. */
const hidden = ["--print-options"];

/** The options of each command of the program, as `--help` lists them. */
const options = new Map(
  commands.map((command) => {
    const listed = [...helpOf(command).matchAll(/(?:^|[\s,])(--[a-z][a-z0-9-]*)/g)].map(([, name = ""]) => name);
    return [command, new Set([...hidden, ...listed])];
  }),
);

const devCommands = new Set(
  [...execFileSync(join(root, "dev"), ["help"], { encoding: "utf8" }).matchAll(/^ {2}([a-z]+)\b/gm)].map(
    ([, name = ""]) => name,
  ),
);

/** What is wrong with a line of code, as far as it calls this program, ./dev or a script of the tests. */
function mistakesOf(code: string): readonly string[] {
  const mistakes: string[] = [];
  for (const [, words = "", rest = ""] of code.matchAll(/\bregstream ((?:[a-z]+ )+)(?=--)([^|;&#)]*)/g)) {
    const command = commands.find((one) => `${words} `.startsWith(`${one} `));
    if (command === undefined) {
      mistakes.push(`regstream has no command ${words.trim()}`);
      continue;
    }
    for (const [, option = ""] of rest.replace(/'[^']*'|"[^"]*"/g, "").matchAll(/(?:^|\s)(--[a-z][a-z0-9-]*)/g)) {
      if (options.get(command)?.has(option) !== true) mistakes.push(`regstream ${command} has no ${option}`);
    }
  }
  for (const [, command = ""] of code.matchAll(/(?:^|\s)\.\/dev ([a-z]+)\b/g)) {
    if (!devCommands.has(command)) mistakes.push(`./dev has no ${command}`);
  }
  for (const [, script = ""] of code.matchAll(/npm run -w tests ([a-z-]+)/g)) {
    const { scripts } = JSON.parse(read("tests/package.json")) as { scripts: Record<string, string> };
    if (scripts[script] === undefined) mistakes.push(`the tests have no script ${script}`);
  }
  return mistakes;
}

describe("the commands that the documents show", () => {
  test("a command and an option that are not there are noticed", () => {
    expect(mistakesOf("regstream serve --demo --no-such-option 1")).toEqual([
      "regstream serve has no --no-such-option",
    ]);
    expect(mistakesOf("REDIS_HOST=a build/bin/regstream listen --url 'http://a/?--b' # --c")).toEqual([]);
    expect(mistakesOf("regstream sevre --demo")).toEqual(["regstream has no command sevre"]);
    expect(mistakesOf("./dev tset")).toEqual(["./dev has no tset"]);
    expect(mistakesOf("npm run -w tests nothing")).toEqual(["the tests have no script nothing"]);
  });

  test.each(documents)("%s", (document) => {
    const mistakes = readCode(read(document)).flatMap(({ text, line }) =>
      mistakesOf(text).map((mistake) => `${document}:${line}: ${mistake}`),
    );
    expect(mistakes).toEqual([]);
  });
});

// A block ```sh test is run as a script against a demo of its document's own. A block ```text output right behind it is
// what the script prints, with … for any text.
describe("the commands that a document has run", () => {
  let redis: RedisServer | undefined;
  let gateway: Gateway | undefined;
  afterEach(async () => {
    await gateway?.stop("SIGKILL");
    await redis?.stop();
  });

  interface Step {
    readonly script: Block;
    readonly output: Block | undefined;
  }
  const stepsOf = (document: string): readonly Step[] => {
    const { blocks } = splitMarkdown(read(document));
    return blocks.flatMap((script, index) => {
      if (script.language !== "sh" || !script.marks.includes("test")) return [];
      const next = blocks[index + 1];
      return [{ script, output: next?.language === "text" && next.marks.includes("output") ? next : undefined }];
    });
  };
  const tested = documents
    .map((document) => [document, stepsOf(document)] as const)
    .filter(([, steps]) => steps.length > 0);

  test("there are some", () => expect(tested.length).toBeGreaterThan(0));

  const pattern = (text: string): RegExp =>
    new RegExp(
      text
        .trim()
        .split("…")
        .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"))
        .join("[^]*?"),
    );

  test.each(tested)("%s", async (document, steps) => {
    redis = await RedisServer.start();
    gateway = await Gateway.start({ redis: redis.address, more: ["--stage-pace-ms", "0", "--t24-latency-ms", "0"] });
    const folder = temporaryFolder();
    symlinkSync(program, join(folder, "regstream"));
    for (const { script, output } of steps) {
      const text = script.text
        .replaceAll("127.0.0.1:8080", new URL(gateway.url("/")).host)
        .replaceAll("127.0.0.1:6379", redis.address)
        .replaceAll("redis-cli ", `redis-cli -p ${redis.port} `)
        .replaceAll("build/bin/regstream", "regstream");
      const child = new Child("bash", ["-euo", "pipefail", "-c", `cd '${root}'\n${text}`], {
        PATH: `${folder}:${process.env.PATH ?? ""}`,
        REDIS_PORT: String(redis.port),
        REDIS_HOST: "127.0.0.1",
      });
      expect(await child.exited, `${document}:${script.line}: ${child.log}`).toBe(0);
      if (output !== undefined) expect(child.log).toMatch(pattern(output.text));
    }
  });
});
