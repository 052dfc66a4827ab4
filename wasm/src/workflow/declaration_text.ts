/** A declaration's file: JSON text, whose lines errors name. Only the command and the package's own build read one. */

import type { Node, ParseError } from "jsonc-parser";
import { findNodeAtLocation, parseTree, printParseErrorCode } from "jsonc-parser";

import { checkDeclaration, DeclarationError } from "./check_declaration.js";
import type { WorkflowDeclaration } from "./declaration.js";

const fileBytesMax = 65_536;
const depthMax = 32;

/** What is wrong with a declaration's file, and where. */
export class DeclarationTextError extends Error {
  override readonly name = "DeclarationTextError";
  readonly line: number;
  /** `statuses[1].kind`; empty: the file as a whole. */
  readonly member: string;
  readonly what: string;

  /** `file` is what the message calls it. */
  constructor(file: string, line: number, member: string, what: string) {
    super(`${file}:${line}: ${member === "" ? "" : `${member}: `}${what}`);
    this.line = line;
    this.member = member;
    this.what = what;
  }
}

function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split("\n").length;
}

/** "statuses[1].kind" → ["statuses", 1, "kind"] */
function segments(member: string): (string | number)[] {
  const names = [...member.matchAll(/\[(\d+)\]|[^.[\]]+/g)];
  return names.map(([name, index]) => (index === undefined ? name : Number(index)));
}

/** How deep brackets are nested, before a parser that calls itself for each sees them. */
function depthOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"?|[[\]{}]/g)) {
    depth += token === "[" || token === "{" ? 1 : token === "]" || token === "}" ? -1 : 0;
    deepest = Math.max(deepest, depth);
  }
  return deepest;
}

/** Looks for a key that stands twice in one object: JSON.parse would ignore the first in silence. */
function refuseDoubles(node: Node, name: string, refuse: (offset: number, member: string) => never): void {
  const keys = new Set<string>();
  for (const [index, child] of (node.children ?? []).entries()) {
    if (node.type === "array") {
      refuseDoubles(child, `${name}[${index}]`, refuse);
      continue;
    }
    const [key, value] = child.children ?? [];
    const member = name === "" ? String(key?.value) : `${name}.${String(key?.value)}`;
    if (keys.has(member)) {
      refuse(child.offset, member);
    }
    keys.add(member);
    if (value !== undefined) {
      refuseDoubles(value, member, refuse);
    }
  }
}

/** Reads what is in `file`. Throws DeclarationTextError at the first thing that is wrong with it. */
export function readDeclaration(bytes: Uint8Array, file: string): WorkflowDeclaration {
  const refuse = (line: number, member: string, what: string): never => {
    throw new DeclarationTextError(file, line, member, what);
  };
  if (bytes.length > fileBytesMax) {
    refuse(1, "", `is longer than ${fileBytesMax} bytes`);
  }
  let text = "";
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    refuse(1, "", "is no valid JSON: it is no UTF-8");
  }
  if (depthOf(text) > depthMax) {
    refuse(1, "", `is nested deeper than ${depthMax} levels`);
  }
  const errors: ParseError[] = [];
  const root = parseTree(text, errors, { disallowComments: true, allowTrailingComma: false, allowEmptyContent: false });
  const [error] = errors;
  if (error !== undefined || root === undefined) {
    return refuse(lineAt(text, error?.offset ?? 0), "", `is no valid JSON: ${printParseErrorCode(error?.error ?? 4)}`);
  }
  refuseDoubles(root, "", (offset, member) => refuse(lineAt(text, offset), member, "is given twice"));
  const declaration: unknown = JSON.parse(text);
  try {
    return checkDeclaration(declaration);
  } catch (problem) {
    if (!(problem instanceof DeclarationError)) {
      throw problem;
    }
    const node = findNodeAtLocation(root, segments(problem.member)) ?? root;
    return refuse(lineAt(text, node.offset), problem.member, problem.what);
  }
}
