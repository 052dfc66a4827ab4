import { Buffer } from "node:buffer";

import type { RegistrationWorkflow } from "../generated/registration.js";
import type { StageStatus } from "../shared/messages.js";
import { stageStatuses } from "../shared/messages.js";
import { idExpectation, isId } from "../workflow/ids.js";
import { listed } from "../workflow/listed.js";
import type { FinalStatusOf, IdMember, OrAnyOther, StageOf, StatusOf, Workflow } from "../workflow/workflow.js";
import { finalStatuses, isFinalStatus } from "../workflow/workflow.js";

/** The statuses that end a validation. */
export type FinalStatus = FinalStatusOf<RegistrationWorkflow>;

/**
 * An update to publish, with any other members. If a stage update leaves out `status`, it gets the workflow's
 * `stageUpdateStatus`. If it leaves out `stageStatus`, that is inferred from the message, or is `completed` if the
 * workflow infers none. `null` counts as left out.
 */
export type UpdateToPublish<W extends Workflow = RegistrationWorkflow> = IdMember<W> & {
  readonly status?: OrAnyOther<StatusOf<W>> | null;
  readonly stage?: OrAnyOther<StageOf<W>> | null;
  readonly stageStatus?: StageStatus | null;
  readonly message?: string | null;
  readonly details?: object | null;
  readonly processLog?: readonly unknown[] | null;
  /** Milliseconds since the Unix epoch. Default: now. */
  readonly timestamp?: number | null;
  readonly [member: string]: unknown;
};

// What subscribers accept (the core's `CodecLimits`).
const nameBytesMax = 256;
const depthMax = 64;
/** A megabyte, less room for the id that the script adds. */
const messageBytesMax = 2 ** 20 - 256;

function require(condition: boolean, expectation: string): asserts condition {
  if (!condition) {
    throw new TypeError(expectation);
  }
}

export function utf8Bytes(text: string): number {
  return Buffer.byteLength(text);
}

/**
 * Writes JSON as the core does: with the core's escapes, and U+FFFD for a lone surrogate, as subscribers read it
 * anyway.
 */
function toJson(name: string, value: unknown): string {
  let json: string | undefined;
  try {
    json = JSON.stringify(value);
  } catch {
    // A cycle, a BigInt, or too deep. The caught error names the members, which may be personal data.
  }
  require(json !== undefined, `${name} must be a value that JSON can express`);
  if (!json.includes("\\")) {
    return json;
  }
  return json.replace(/\\(?:u(d[89a-f][0-9a-f]{2})|.)/g, (escape, surrogate: string | undefined) => {
    if (surrogate !== undefined) {
      return "\ufffd";
    }
    return escape === "\\b" ? "\\u0008" : escape === "\\f" ? "\\u000c" : escape;
  });
}

/** A JSON text's nesting depth. */
function depth(json: string): number {
  let now = 0;
  let deepest = 0;
  let isInString = false;
  for (let i = 0; i < json.length; ++i) {
    const character = json[i];
    if (isInString) {
      if (character === "\\") {
        ++i;
      } else if (character === '"') {
        isInString = false;
      }
    } else if (character === '"') {
      isInString = true;
    } else if (character === "{" || character === "[") {
      deepest = Math.max(deepest, ++now);
    } else if (character === "}" || character === "]") {
      --now;
    }
  }
  return deepest;
}

/** Whether a JSON text has a number that no double can hold. Subscribers refuse it; JSON.rawJSON can write it. */
export function hasHugeNumber(json: string): boolean {
  for (const [token] of json.matchAll(/"[^"\\]*(?:\\.[^"\\]*)*"|-?\d[\d.eE+-]*/g)) {
    if (!token.startsWith('"') && !Number.isFinite(Number(token))) {
      return true;
    }
  }
  return false;
}

function isName(value: unknown): value is string {
  return typeof value === "string" && value !== "" && utf8Bytes(value) <= nameBytesMax;
}

/** The core's rule for updates without a stage status. Characters beyond ASCII count as letters. */
function inferStageStatus(message: string): StageStatus {
  return /(?<![\w\u0080-\uffff])started(?![\w\u0080-\uffff])/i.test(message) ? "started" : "completed";
}

/** Says what a stage's name must be. */
function stageExpected({ stages: [first] }: Workflow): string {
  return `stage must be a string of 1 to ${nameBytesMax} bytes${first === undefined ? "" : `, such as ${first.name}`}`;
}

const stageStatusExpected = `stageStatus must be ${listed(stageStatuses, "or")}`;

/** Encodes a final status as JSON, its members in the contract's order. Throws TypeError if it is invalid. */
export function encodeFinalStatus(
  workflow: Workflow,
  id: unknown,
  status: string,
  message: string,
  details: object | null | undefined,
  processLog: readonly unknown[] | null | undefined,
  timestamp: number,
): string {
  require(isFinalStatus(workflow, status), `the final status must be ${listed(finalStatuses(workflow), "or")}`);
  require(typeof message === "string", "message must be a string");
  const update = { status, message, details: details ?? null, processLog: processLog ?? null };
  return encodeUpdate(workflow, { ...update, [workflow.id.member]: id }, timestamp);
}

export function encodeStageUpdate(
  workflow: Workflow,
  id: unknown,
  stage: string,
  stageStatus: StageStatus,
  message: string,
  timestamp: number,
): string {
  require(isName(stage), stageExpected(workflow));
  require(stageStatuses.includes(stageStatus), stageStatusExpected);
  require(typeof message === "string", "message must be a string");
  return encodeUpdate(workflow, { stage, stageStatus, message, [workflow.id.member]: id }, timestamp);
}

/** Encodes an update. `now` is for an update without a time. An `id` is left out: the history assigns one. */
export function encodeUpdate(workflow: Workflow, update: UpdateToPublish<Workflow>, now: number): string {
  require(typeof update === "object" && update !== null && !Array.isArray(update), "the update must be an object");
  const { status, stage, stageStatus, message, details, processLog, timestamp, ...rest } = update;
  const { id: _earlierId, [workflow.id.member]: id, ...unknown } = rest;
  require(isId(workflow, id), idExpectation(workflow));
  const stageName = stage ?? "";
  require(stageName === "" || isName(stageName), stageExpected(workflow));
  require(isName(status) ||
    (stageName !== "" &&
      (status ?? null) ===
        null), `status must be a string of 1 to ${nameBytesMax} bytes; it may be left out only where there is a stage`);
  require((stageStatus ?? null) === null || stageStatuses.some((known) => known === stageStatus), stageStatusExpected);
  require((message ?? null) === null || typeof message === "string", "message must be a string");
  const time = (timestamp ?? 0) === 0 ? now : timestamp;
  require(typeof time === "number" &&
    time >= 0 &&
    time <= Number.MAX_SAFE_INTEGER, "timestamp must be a time in milliseconds since 1970");

  const members = [`"${workflow.id.member}":${toJson("the id", id)}`];
  /** No value can be too deep, or too large a number. */
  let isFlat = true;
  const add = (name: string, value: unknown, opening = "", quotedName = `"${name}"`): void => {
    // JSON.stringify leaves out what JSON can't express, such as a function; so does this.
    if (value === undefined || typeof value === "function" || typeof value === "symbol") {
      return;
    }
    const json = toJson(name, value);
    require(json.startsWith(opening), `${name} must be ${opening === "{" ? "an object" : "an array"}`);
    members.push(`${quotedName}:${json}`);
    isFlat &&= ["string", "number", "boolean"].includes(typeof value);
  };
  add("status", status ?? workflow.stageUpdateStatus);
  if (stageName !== "") {
    add("stage", stageName);
    add("stageStatus", stageStatus ?? (workflow.inferStageStatus ? inferStageStatus(message ?? "") : "completed"));
  }
  add("message", message ?? "");
  if ((details ?? null) !== null) {
    require(typeof details === "object", "details must be an object");
    add("details", details, "{");
  }
  if ((processLog ?? null) !== null) {
    require(Array.isArray(processLog), "processLog must be an array");
    add("processLog", processLog, "[");
  }
  add("timestamp", Math.trunc(time));
  for (const [name, value] of Object.entries(unknown)) {
    add(name, value, "", toJson(name, name));
  }
  const json = `{${members.join(",")}}`;
  const bytes = utf8Bytes(json);
  require(bytes <= messageBytesMax, `the update has ${bytes} bytes; subscribers accept at most ${messageBytesMax}`);
  require(isFlat || depth(json) <= depthMax, `the update must be nested at most ${depthMax} deep`);
  const isHuge = !isFlat && hasHugeNumber(json);
  require(!isHuge, "the update must have no number that is too large for a double, such as 1e999");
  return json;
}
