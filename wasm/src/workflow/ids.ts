import type { Workflow } from "./workflow.js";

const textBytesMax = 128;

/** Whether a value is a valid id: by the core's rule for texts (`is_text_id`), by JavaScript's for numbers. */
export function isId({ id: { kind } }: Workflow, id: unknown): boolean {
  if (kind === "integer") {
    return typeof id === "number" && Number.isSafeInteger(id) && id >= 1;
  }
  const isText = typeof id === "string" && id !== "" && id !== "*" && !/[\p{Cc}\p{Surrogate}]/u.test(id);
  return isText && new TextEncoder().encode(id).length <= textBytesMax;
}

/** Says what an id must be, as a sentence. */
export function idExpectation({ id: { member, kind } }: Workflow): string {
  const expected =
    kind === "integer"
      ? "a whole number from 1 to 2^53 - 1"
      : `text: 1 to ${textBytesMax} bytes of UTF-8 without control characters, and not *`;
  return `${member} must be ${expected}`;
}
