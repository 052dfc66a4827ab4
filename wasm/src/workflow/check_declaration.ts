/**
 * A declaration's rules, with the messages of the native reader (native/workflow). tests/vectors/workflows tests both.
 */

import type { WorkflowDeclaration } from "./declaration.js";
import { listed } from "./listed.js";

/** A declaration that breaks a rule. */
export class DeclarationError extends TypeError {
  override readonly name = "DeclarationError";
  /** The member, such as `statuses[1].kind`. Empty: the declaration as a whole. */
  readonly member: string;
  /** What is wrong with it, as the end of a sentence. */
  readonly what: string;

  constructor(member: string, what: string) {
    super(`${member === "" ? "the declaration" : member} ${what}`);
    this.member = member;
    this.what = what;
  }
}

const elementsMax = 64;
const nameBytesMax = 256;
const descriptionBytesMax = 1024;

/** Members of messages and parameters of a stream's query that have another meaning. */
const contractWords = [
  "status",
  "stage",
  "stageStatus",
  "message",
  "details",
  "processLog",
  "timestamp",
  "id",
  "type",
  "data",
  "stages",
  "snapshot",
  "until",
  "lastEventId",
  "poll",
  "ticket",
];

function utf8Bytes(text: string): number {
  return new TextEncoder().encode(text).length;
}

/** "statuses" and "kind" → "statuses.kind" */
export function memberField(object: string, name: string): string {
  return object === "" ? name : `${object}.${name}`;
}

/** "statuses" and 1 → "statuses[1]" */
export function elementField(array: string, index: number): string {
  return `${array}[${index}]`;
}

/** A value with its place in the declaration. */
class Field {
  readonly value: unknown;
  readonly name: string;

  constructor(value: unknown, name: string) {
    this.value = value;
    this.name = name;
  }

  fail(what: string): never {
    throw new DeclarationError(this.name, what);
  }

  expect(condition: boolean, what: string): void {
    if (!condition) {
      this.fail(what);
    }
  }

  /** The members of an object. Fails if it has others than `known`. */
  members(known: readonly string[]): Members {
    const { value } = this;
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      return this.fail("must be an object");
    }
    const entries = Object.entries(value).map(([key, member]) => [key, new Field(member, memberField(this.name, key))]);
    const fields = new Map(entries as [string, Field][]);
    for (const [key, field] of fields) {
      field.expect(known.includes(key), `is not known here; known are ${listed(known, "and")}`);
    }
    return {
      optional: (name) => fields.get(name),
      required: (name) => fields.get(name) ?? new Field(undefined, memberField(this.name, name)).fail("is missing"),
    };
  }

  elements(least: number): readonly Field[] {
    const { value } = this;
    if (!Array.isArray(value)) {
      return this.fail("must be an array");
    }
    const hasRightLength = value.length >= least && value.length <= elementsMax;
    this.expect(hasRightLength, `must have ${least === 0 ? "at most" : `${least} to`} ${elementsMax} elements`);
    return value.map((element, index) => new Field(element, elementField(this.name, index)));
  }

  text(): string {
    return typeof this.value === "string" ? this.value : this.fail("must be a string");
  }

  matching(pattern: RegExp, what: string): string {
    const text = this.text();
    this.expect(pattern.test(text), what);
    return text;
  }

  /** A word of a closed list. A value of another type is wrong, too. */
  choice(words: readonly string[]): unknown {
    this.expect(
      words.some((word) => word === this.value),
      `must be ${listed(words, "or")}`,
    );
    return this.value;
  }

  /** A status's or a stage's name, or a title. */
  nameText(): string {
    const text = this.text();
    const isName = text !== "" && utf8Bytes(text) <= nameBytesMax && !/[\p{Cc}\p{Surrogate}]/u.test(text);
    this.expect(isName, `must have 1 to ${nameBytesMax} bytes and no control characters`);
    return text;
  }

  /** A name that is not among those met before. */
  newName(met: Set<string>): string {
    const text = this.nameText();
    this.expect(!met.has(text), "is declared twice");
    met.add(text);
    return text;
  }
}

interface Members {
  optional(name: string): Field | undefined;
  required(name: string): Field;
}

function checkDescription(description: Field | undefined): void {
  const isShort = description === undefined || utf8Bytes(description.text()) <= descriptionBytesMax;
  description?.expect(isShort, `must have at most ${descriptionBytesMax} bytes`);
}

function checkId(id: Field): void {
  const { required } = id.members(["member", "kind"]);
  const member = required("member");
  member.matching(/^[A-Za-z_]\w{0,63}$/, "must be 1 to 64 letters, digits and underscores, no digit first");
  member.expect(!contractWords.includes(member.text()), "is a word of the contract; choose another");
  required("kind").choice(["integer", "text"]);
}

/** Returns the names of the open statuses. */
function checkStatuses(statuses: Field): readonly string[] {
  const names = new Set<string>();
  const open: string[] = [];
  for (const element of statuses.elements(1)) {
    const { optional, required } = element.members(["name", "kind", "title", "description"]);
    const name = required("name").newName(names);
    if (required("kind").choice(["open", "final", "failed"]) === "open") {
      open.push(name);
    }
    optional("title")?.nameText();
    checkDescription(optional("description"));
  }
  statuses.expect(open.length > 0, "must have at least one open status");
  statuses.expect(open.length < names.size, "must have at least one final or failed status");
  return open;
}

function checkStages(stages: Field): void {
  const names = new Set<string>();
  for (const element of stages.elements(0)) {
    const { optional, required } = element.members(["name", "title", "description"]);
    required("name").newName(names);
    required("title").nameText();
    checkDescription(optional("description"));
  }
}

/** Returns how many segments stand for an id. */
function checkPath(path: Field): number {
  const text = path.text();
  const segments = text.split("/").slice(1);
  // Characters that need no escape (RFC 3986, 3.3: pchar), so that two equal paths also look equal.
  const isPath = segments.every((segment) => segment === "{id}" || /^[\w\-.~!$&'()*+,;=:@]*$/.test(segment));
  path.expect(
    text.startsWith("/") && text.length >= 2 && text.length <= 256 && isPath,
    "must be 2 to 256 characters of a URL path that begins with /, without a query or %",
  );
  // Browsers and proxies rewrite these.
  path.expect(!segments.some((segment) => /^\.{0,2}$/.test(segment)), "must have no segment that is empty, . or ..");
  return segments.filter((segment) => segment === "{id}").length;
}

function checkPaths(paths: Field): void {
  const { required } = paths.members(["stream", "updates"]);
  const stream = required("stream");
  stream.expect(checkPath(stream) === 0, "must have no segment {id}");
  const updates = required("updates");
  updates.expect(checkPath(updates) === 1, "must have exactly one segment {id}");
}

/** Throws DeclarationError at the first rule that `declaration` breaks. */
export function checkDeclaration(declaration: unknown): WorkflowDeclaration {
  const { required } = new Field(declaration, "").members([
    "$schema",
    "name",
    "id",
    "statuses",
    "stageUpdateStatus",
    "stages",
    "inferStageStatus",
    "channel",
    "paths",
  ]);
  const name = required("name");
  name.matching(/^[a-z][a-z0-9-]{0,31}$/, "must be 1 to 32 lower-case letters, digits and dashes, a letter first");
  checkId(required("id"));
  const open = checkStatuses(required("statuses"));
  const carried = required("stageUpdateStatus");
  carried.expect(open.includes(carried.text()), "must be one of the statuses whose kind is open");
  checkStages(required("stages"));
  const infers = required("inferStageStatus");
  infers.expect(typeof infers.value === "boolean", "must be true or false");
  const channel = required("channel");
  channel.matching(/^[!-)+-z|~]{1,128}$/, "must be 1 to 128 visible ASCII characters other than {, } and *");
  checkPaths(required("paths"));
  return declaration as WorkflowDeclaration;
}
