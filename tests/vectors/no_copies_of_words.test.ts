import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { expect, test } from "vitest";

const root = new URL("../../", import.meta.url);

/**
 * Where the built-in workflow's words may appear: in its declaration; in tests, examples and documents; and in the
 * sample backend, which runs this workflow.
 */
const mayHaveWords = [
  /^workflows\//,
  /^docs\//,
  /^examples\//,
  /^tests\//,
  /^(wasm|web-demo)\/test\//,
  /^core\/docs\//,
  /\/example\//,
  /(^|\/)README\.md$/,
  /^native\/backend\//,
  /^native\/harness\/scenarios\//,
];

interface Declaration {
  readonly statuses: readonly { readonly name: string }[];
  readonly stages: readonly { readonly name: string }[];
}

const { statuses, stages } = JSON.parse(
  readFileSync(new URL("workflows/registration.json", root), "utf8"),
) as Declaration;

/**
 * A status's name is an English word as well, so only a quoted one counts: "FAILED", 'FAILED', `FAILED`, \"FAILED\".
 */
const oneOf = (named: readonly { readonly name: string }[]): string => named.map(({ name }) => name).join("|");
const word = new RegExp(`["'\`](?:${oneOf(statuses)})\\\\?["'\`]|\\b(?:${oneOf(stages)})\\b`);

function committed(): readonly string[] {
  const output = execFileSync("git", ["ls-files", "-z"], { cwd: fileURLToPath(root), encoding: "utf8" });
  return output.split("\0").filter((path) => path !== "");
}

/** The lines of a text that have one of the words, numbered. */
function lines(path: string, text: string): readonly string[] {
  return text.split("\n").flatMap((line, index) => (word.test(line) ? [`${path}:${index + 1}: ${line.trim()}`] : []));
}

test("a copy is noticed in code and in a comment, and plain English is none", () => {
  const [status, stage] = [statuses[0]?.name ?? "", stages[0]?.name ?? ""];
  expect(lines("a", `if (status == "${status}")`)).toHaveLength(1);
  expect(lines("a", `R"({\\"status\\":\\"${status}\\"})"`)).toHaveLength(1);
  expect(lines("a", `// Such as ${stage}.`)).toHaveLength(1);
  expect(lines("a", `the attempt ${status} is ${stage}s and x${stage}`)).toHaveLength(0);
});

test("the words of workflows/registration.json stand nowhere else", () => {
  const paths = committed().filter((path) => !mayHaveWords.some((place) => place.test(path)));
  expect(paths.length).toBeGreaterThan(200);
  const copies = paths.flatMap((path) => lines(path, readFileSync(new URL(path, root), "utf8")));
  expect(copies).toEqual([]);
});
