import {
  type Account,
  type LogEntry,
  type Registration,
  type RegistrationList,
  type RegistrationSummary,
  type StageStatus,
  isTime,
} from "./model";

/** Validates the server's JSON as it enters the page, so that no other module has to. */

/** The server sent unexpected JSON. `message` names the field. */
export class DecodeError extends Error {
  override readonly name = "DecodeError";
}

type JsonObject = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function asObject(value: unknown, what: string): JsonObject {
  if (!isObject(value)) throw new DecodeError(`${what} is not an object`);
  return value;
}

function text(object: JsonObject, field: string): string {
  const value = object[field];
  if (typeof value !== "string") throw new DecodeError(`"${field}" is not a string`);
  return value;
}

function optionalText(object: JsonObject, field: string): string | null {
  const value = object[field];
  return value === undefined || value === null ? null : text(object, field);
}

function registrationId(object: JsonObject, field: string): number {
  const value = object[field];
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 1) {
    throw new DecodeError(`"${field}" is not a whole number from 1 to 2^53 - 1`);
  }
  return value;
}

function time(object: JsonObject, field: string): number {
  const value = object[field];
  if (!isTime(value)) throw new DecodeError(`"${field}" is not a time in milliseconds since 1970`);
  return value;
}

function flag(object: JsonObject, field: string): boolean {
  const value = object[field];
  if (typeof value !== "boolean") throw new DecodeError(`"${field}" is not true or false`);
  return value;
}

function list(object: JsonObject, field: string): readonly unknown[] {
  const value = object[field];
  if (!Array.isArray(value)) throw new DecodeError(`"${field}" is not an array`);
  return value;
}

function decodeSummary(value: unknown): RegistrationSummary {
  const object = asObject(value, "A registration");
  return {
    id: registrationId(object, "id"),
    customerName: text(object, "customerName"),
    customerNumber: text(object, "customerNumber"),
    phone: text(object, "phone"),
    branch: text(object, "branch"),
    status: text(object, "status"),
    message: optionalText(object, "message"),
    validating: flag(object, "validating"),
    submittedAt: time(object, "submittedAt"),
    updatedAt: time(object, "updatedAt"),
  };
}

export function decodeRegistrations(value: unknown): RegistrationList {
  const answer = asObject(value, "The answer");
  return {
    registrations: list(answer, "registrations").map(decodeSummary),
    hasMore: answer["hasMore"] === true,
  };
}

function decodeAccount(value: unknown): Account {
  const object = asObject(value, "An account");
  return {
    number: text(object, "number"),
    type: text(object, "type"),
    currency: text(object, "currency"),
    status: text(object, "status"),
  };
}

function isStageStatus(value: unknown): value is StageStatus {
  return value === "started" || value === "completed" || value === "failed" || value === "skipped";
}

function decodeLogEntry(value: unknown): LogEntry | null {
  if (!isObject(value)) return null;
  const { stage, stageStatus, message, timestamp } = value;
  if (typeof stage !== "string" || !isStageStatus(stageStatus)) return null;
  return {
    stage,
    stageStatus,
    message: typeof message === "string" ? message : "",
    timestamp: isTime(timestamp) ? timestamp : 0,
  };
}

/** By contract a process log may have any entries. Those of another shape are left out. */
export function decodeProcessLog(value: unknown): readonly LogEntry[] {
  if (!Array.isArray(value)) return [];
  return value.map(decodeLogEntry).filter((entry) => entry !== null);
}

export function decodeRegistration(value: unknown): Registration {
  const object = asObject(value, "The answer");
  const details = object["details"];
  return {
    ...decodeSummary(object),
    email: optionalText(object, "email"),
    nationalId: text(object, "nationalId"),
    accounts: list(object, "accounts").map(decodeAccount),
    details: isObject(details) ? details : null,
    processLog: decodeProcessLog(object["processLog"]),
    mobileUserId: optionalText(object, "mobileUserId"),
    elixirUserId: optionalText(object, "elixirUserId"),
  };
}
