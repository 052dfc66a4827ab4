/**
 * Reads a declaration's file: JSON text. Errors name the line. Only the command and the package's own build use this.
 */

import { visit } from "jsonc-parser";

import { checkDeclaration, DeclarationError, elementField, memberField } from "./check_declaration.js";
import type { WorkflowDeclaration } from "./declaration.js";

// The native reader's limits.
const bytesMax = 65_536;
const depthMax = 8;
const valuesMax = 1_000;

/** Makes a name from the file, which may be anything, printable on one short line. */
function printable(text: string): string {
  const escaped = (control: string) => `\\u${control.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return text.slice(0, 200).replace(/\p{Cc}/gu, escaped);
}

/** A mistake in a declaration's file, and its place. */
export class DeclarationTextError extends Error {
  override readonly name = "DeclarationTextError";
  readonly line: number;
  /** The member, such as `statuses[1].kind`. Empty: the file as a whole. */
  readonly member: string;
  readonly what: string;

  /** `file` is the file's name in the message. */
  constructor(file: string, line: number, member: string, what: string) {
    super(`${file}:${line}: ${member === "" ? "" : `${printable(member)}: `}${what}`);
    this.line = line;
    this.member = member;
    this.what = what;
  }
}

type Refuse = (line: number, member: string, what: string) => never;

function decode(bytes: Uint8Array, refuse: Refuse): string {
  if (bytes.length > bytesMax) {
    refuse(1, "", `is longer than ${bytesMax} bytes`);
  }
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  let line = 1;
  try {
    for (let begin = 0; begin < bytes.length; ++line) {
      const end = bytes.indexOf(10, begin);
      decoder.decode(bytes.subarray(begin, end < 0 ? bytes.length : end));
      begin = end < 0 ? bytes.length : end + 1;
    }
  } catch {
    refuse(line, "", "is no valid UTF-8");
  }
  const text = decoder.decode(bytes);
  return text.startsWith("\ufeff") ? refuse(1, "", "must not begin with a byte order mark") : text;
}

/** The line at which each value begins, by member. Refuses anything that is not strict JSON. */
function findPlaces(text: string, refuse: Refuse): ReadonlyMap<string, number> {
  const lineAt = (offset: number) => text.trimEnd().slice(0, offset).split("\n").length;
  const places = new Map<string, number>();
  const memberAt = (path: readonly (string | number)[]) =>
    path.reduce<string>(
      (member, part) => (typeof part === "number" ? elementField(member, part) : memberField(member, part)),
      "",
    );
  const refuseAt = (offset: number, member: string, what: string) => refuse(lineAt(offset), member, what);
  const refuseSyntax = (offset: number) => refuseAt(offset, "", "is no valid JSON");
  const checkText = (value: unknown, offset: number) => {
    // A lone surrogate, which UTF-8 can't express, or a number that no double can hold.
    if (/\p{Surrogate}/u.test(String(value)) || value === Infinity || value === -Infinity) {
      refuseSyntax(offset);
    }
  };
  let values = 0;
  const add = (offset: number, member: string) => {
    if (++values > valuesMax) {
      refuseAt(offset, member, `is one value more than ${valuesMax}`);
    }
    places.set(member, lineAt(offset));
  };
  /** The names in each object and array that is open. */
  const open: Set<string>[] = [];
  const begin = (offset: number, path: readonly (string | number)[]) => {
    const member = memberAt(path);
    if (open.length >= depthMax) {
      refuseAt(offset, member, `is nested deeper than ${depthMax} levels`);
    }
    add(offset, member);
    open.push(new Set());
  };
  visit(
    text,
    {
      onObjectBegin: (offset, _length, _line, _column, path) => begin(offset, path()),
      onArrayBegin: (offset, _length, _line, _column, path) => begin(offset, path()),
      onObjectEnd: () => void open.pop(),
      onArrayEnd: () => void open.pop(),
      onObjectProperty(name, offset, _length, _line, _column, path) {
        checkText(name, offset);
        const names = open.at(-1);
        if (names?.has(name) === true) {
          refuseAt(offset, memberField(memberAt(path()), name), "is given twice");
        }
        names?.add(name);
      },
      onLiteralValue(value, offset, _length, _line, _column, path) {
        checkText(value, offset);
        add(offset, memberAt(path()));
      },
      onError: (_code, offset) => refuseSyntax(offset),
    },
    { disallowComments: true, allowTrailingComma: false, allowEmptyContent: false },
  );
  return places;
}

/** Reads the content of `file`. Throws DeclarationTextError at the first mistake. */
export function readDeclaration(bytes: Uint8Array, file: string): WorkflowDeclaration {
  const refuse: Refuse = (line, member, what) => {
    throw new DeclarationTextError(file, line, member, what);
  };
  const text = decode(bytes, refuse);
  const places = findPlaces(text, refuse);
  try {
    return checkDeclaration(JSON.parse(text));
  } catch (error) {
    if (!(error instanceof DeclarationError)) {
      throw error;
    }
    const { member, what } = error;
    // A missing member is reported at the line of its object.
    return refuse(places.get(member) ?? places.get(member.replace(/\.?\w+$/, "")) ?? 1, member, what);
  }
}
