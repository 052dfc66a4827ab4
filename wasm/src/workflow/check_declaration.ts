/** A declaration's rules, in the words of the native reader (native/workflow): one set of bad examples tests both. */

import type { WorkflowDeclaration } from "./declaration.js";
import { listed } from "./listed.js";

/** A declaration that breaks a rule. */
export class DeclarationError extends TypeError {
  override readonly name = "DeclarationError";
  /** Which member: `statuses[1].kind`. Empty: the declaration as a whole. */
  readonly member: string;
  /** What is wrong with it: a sentence's end. */
  readonly what: string;

  constructor(member: string, what: string) {
    super(`${member === "" ? "the declaration" : member} ${what}`);
    this.member = member;
    this.what = what;
  }
}

const statusesMax = 64;
const stagesMax = 64;
const nameBytesMax = 256;
const titleBytesMax = 256;
const descriptionBytesMax = 1024;

/** Members of messages and parameters of a stream's query, which the contract itself has. */
const contractNames = new Set([
  "members", "status", "stage", "stageStatus", "message", "details", "processLog", "timestamp", "id", "type", "data",
  "stages", "snapshot", "until", "lastEventId", "poll", "ticket",
]);

function utf8Bytes(text: string): number {
  return new TextEncoder().encode(text).length;
}

/** A value and the name of its place. */
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

  /** Fails unless `condition` holds. */
  expect(condition: boolean, what: string): void {
    if (!condition) {
      this.fail(what);
    }
  }

  /** The members of an object that has all of `needed`, and no others but `optional`. */
  members(needed: readonly string[], optional: readonly string[] = []): (member: string) => Field {
    const { value } = this;
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      return this.fail("must be an object");
    }
    const prefix = this.name === "" ? "" : `${this.name}.`;
    const fields = new Map(Object.entries(value).map(([key, member]) => [key, new Field(member, `${prefix}${key}`)]));
    const known = [...needed, ...optional];
    for (const [key, field] of fields) {
      field.expect(known.includes(key), `is not known here; known are ${listed(known, "and")}`);
    }
    for (const key of needed) {
      this.expect(fields.has(key), `needs "${key}"`);
    }
    return (member) => fields.get(member) ?? new Field(undefined, member);
  }

  elements(least: number, most: number, what: string): readonly Field[] {
    const { value } = this;
    if (!Array.isArray(value)) {
      return this.fail("must be an array");
    }
    this.expect(value.length >= least && value.length <= most, `must have ${least} to ${most} ${what}`);
    return value.map((element, index) => new Field(element, `${this.name}[${index}]`));
  }

  text(): string {
    return typeof this.value === "string" ? this.value : this.fail("must be a string");
  }

  matching(pattern: RegExp, what: string): string {
    const text = this.text();
    this.expect(pattern.test(text), what);
    return text;
  }

  oneOf(choices: readonly string[]): string {
    const text = this.text();
    this.expect(choices.includes(text), `must be ${listed(choices, "or")}`);
    return text;
  }

  textOfBytes(least: number, most: number): string {
    const text = this.text();
    const bytes = utf8Bytes(text);
    const isUtf8 = !/\p{Surrogate}/u.test(text);
    this.expect(isUtf8 && bytes >= least && bytes <= most, `must be ${least} to ${most} bytes of UTF-8`);
    return text;
  }

  /** A status's or a stage's. */
  namedOnce(taken: Set<string>): string {
    const text = this.textOfBytes(1, nameBytesMax);
    this.expect(!/\p{Cc}/u.test(text), "must have no control characters");
    this.expect(!taken.has(text), "is given twice");
    taken.add(text);
    return text;
  }
}

function checkTexts(member: (name: string) => Field, ...names: readonly string[]): void {
  for (const name of names) {
    const field = member(name);
    if (field.value !== undefined) {
      field.textOfBytes(name === "title" ? 1 : 0, name === "title" ? titleBytesMax : descriptionBytesMax);
    }
  }
}

/** Returns the names of the open ones. */
function checkStatuses(statuses: Field): readonly string[] {
  const names = new Set<string>();
  const open: string[] = [];
  for (const element of statuses.elements(1, statusesMax, "statuses")) {
    const member = element.members(["name", "kind"], ["title", "description"]);
    const name = member("name").namedOnce(names);
    if (member("kind").oneOf(["open", "final", "failed"]) === "open") {
      open.push(name);
    }
    checkTexts(member, "title", "description");
  }
  statuses.expect(open.length > 0, "need one that is open");
  statuses.expect(open.length < names.size, "need one that is final or failed");
  return open;
}

function checkStages(stages: Field): void {
  const names = new Set<string>();
  for (const element of stages.elements(0, stagesMax, "stages")) {
    const member = element.members(["name", "title"], ["description"]);
    member("name").namedOnce(names);
    checkTexts(member, "title", "description");
  }
}

function checkPaths(paths: Field): void {
  const member = paths.members(["stream", "updates"]);
  const check = (name: string, ids: number, what: string): string => {
    const field = member(name);
    const path = field.matching(/^\/[\w\-.~!$&'()*+,;=:@%/{}]{0,255}$/, "must be a URL path of 1 to 256 characters that begins with /");
    const placeholders = path.split("/").filter((segment) => segment === "{id}").length;
    field.expect(placeholders === ids && !/[{}]/.test(path.replaceAll("/{id}", "")), what);
    return path;
  };
  check("stream", 0, "must have no { and no }");
  check("updates", 1, "must have exactly one segment {id}");
}

/** Throws DeclarationError at the first rule that `declaration` breaks. */
export function checkDeclaration(declaration: unknown): WorkflowDeclaration {
  const member = new Field(declaration, "").members(
    ["name", "id", "statuses", "stageUpdateStatus", "stages", "inferStageStatus", "channel", "paths"],
    ["$schema"],
  );
  member("name").matching(/^[a-z][a-z0-9-]{0,31}$/, "must be 1 to 32 of a-z, 0-9 and -, and begin with a letter");
  const id = member("id").members(["member", "kind"]);
  const idMember = id("member").matching(/^[A-Za-z_]\w{0,63}$/, "must be 1 to 64 letters, digits and _, and begin with no digit");
  id("member").expect(!contractNames.has(idMember), "is a name of the contract's own");
  id("kind").oneOf(["integer", "text"]);
  const open = checkStatuses(member("statuses"));
  const carried = member("stageUpdateStatus");
  carried.expect(open.includes(carried.text()), `must be one of the open statuses: ${listed(open, "or")}`);
  checkStages(member("stages"));
  const infers = member("inferStageStatus");
  infers.expect(typeof infers.value === "boolean", "must be true or false");
  member("channel").matching(/^[!-z|~]{1,128}$/, "must be 1 to 128 visible ASCII characters without {, } and *");
  checkPaths(member("paths"));
  return declaration as WorkflowDeclaration;
}
