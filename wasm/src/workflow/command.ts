/** The command line tool: `regstream-workflow FILE [--out FILE] [--check]`. */

import { readFileSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { parseArgs } from "node:util";

import { DeclarationTextError, readDeclaration } from "./declaration_text.js";
import { moduleText } from "./module_text.js";

const usage = `Usage: regstream-workflow FILE [--out FILE] [--check]

Writes a TypeScript module from the declaration of a workflow: the workflow, and types of its names.

  FILE         the declaration: a .json file
  --out FILE   where to write; by default beside the declaration, with .ts in place of .json
  --check      write nothing; fail where the module is missing or stale
  --help       this text

Exit status: 0 done, or up to date; 1 a wrong declaration, a stale or missing module; 2 wrong usage
`;

/** Where the tool prints. */
export interface Output {
  out(text: string): void;
  error(text: string): void;
}

interface Request {
  readonly file: string;
  readonly target: string;
  readonly checks: boolean;
}

/** Throws TypeError if the arguments are wrong. Null: help was asked for. */
function readArguments(args: readonly string[]): Request | null {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { out: { type: "string" }, check: { type: "boolean" }, help: { type: "boolean" } },
  });
  if (values.help === true) {
    return null;
  }
  const [file, ...others] = positionals;
  if (file === undefined || others.length > 0) {
    throw new TypeError("give one declaration's file");
  }
  if (values.out === undefined && !file.endsWith(".json")) {
    throw new TypeError(`${file} does not end with .json: say with --out where to write`);
  }
  const target = values.out ?? file.replace(/\.json$/, ".ts");
  if (target === file) {
    throw new TypeError("--out names the declaration itself");
  }
  return { file, target, checks: values.check === true };
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}

/** Throws DeclarationTextError and the file system's errors. Returns the exit status. */
function carryOut({ file, target, checks }: Request, output: Output): number {
  const declaration = readDeclaration(readFileSync(file), file);
  const text = moduleText(declaration, basename(file), { name: "defineWorkflow", from: "regstream/workflow" });
  const before = textOf(target);
  if (checks) {
    if (before === text) {
      return 0;
    }
    output.error(`${target}: is ${before === undefined ? "missing" : "stale"}: run regstream-workflow ${file}\n`);
    return 1;
  }
  // An unchanged file is not written: builds compare file times.
  if (before !== text) {
    writeFileSync(target, text);
  }
  output.out(`${target}\n`);
  return 0;
}

/** Returns the exit status. */
export function runCommand(args: readonly string[], output: Output): number {
  let request: Request | null;
  try {
    request = readArguments(args);
  } catch (error) {
    output.error(`regstream-workflow: ${reason(error)}\n\n${usage}`);
    return 2;
  }
  if (request === null) {
    output.out(usage);
    return 0;
  }
  try {
    return carryOut(request, output);
  } catch (error) {
    output.error(`${error instanceof DeclarationTextError ? "" : "regstream-workflow: "}${reason(error)}\n`);
    return 1;
  }
}
