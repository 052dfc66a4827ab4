/** Reads the head of a response. */

import type { Answer } from "../core/connection.js";

/** A Retry-After in milliseconds, from seconds or a date; undefined if it is neither. */
function readRetryAfter(value: string | null): number | undefined {
  if (value === null) {
    return undefined;
  }
  if (/^\d+$/.test(value)) {
    return Number(value) * 1_000;
  }
  // HTTP's three date formats (RFC 9110, 5.6.7). `Date.parse` accepts almost anything.
  if (!/^[A-Z][a-z]+,? .*\d\d:\d\d:\d\d (GMT|\d{4})$/.test(value)) {
    return undefined;
  }
  const date = Date.parse(value.endsWith("GMT") ? value : `${value} GMT`);
  return Number.isNaN(date) ? undefined : Math.max(date - Date.now(), 0);
}

export const eventStreamType = "text/event-stream";

function typeOf(headers: Headers): string {
  const [essence = ""] = (headers.get("Content-Type") ?? "").split(";", 1);
  return essence.trim().toLowerCase();
}

/**
 * Whether the connection broke within the head of an answer of type `expected`. Over plain HTTP, Chromium takes an
 * incomplete head for a complete one (net/http/http_stream_parser.cc): with a truncated status, or a truncated type.
 * The server said none of that.
 */
export function isCutOff({ status, headers }: Response, expected: string): boolean {
  const type = typeOf(headers);
  return status < 200 || (status === 200 && type !== expected && expected.startsWith(type));
}

/** The codings that a fetch may undo by itself. Which of them it asks for is between it and the server. */
const undoneCodings = new Set(["", "identity", "gzip", "x-gzip", "deflate", "br", "zstd"]);

export function codingsOf(headers: Headers): string[] {
  return (headers.get("Content-Encoding") ?? "").split(",").map((coding) => coding.trim());
}

/** The first content coding that no fetch undoes: the bytes are then not an event stream. */
function unreadableCoding(headers: Headers): string | undefined {
  return codingsOf(headers).find((coding) => !undoneCodings.has(coding.toLowerCase()));
}

/** What the core needs of a response. */
export function answerOf({ status, headers }: Response): Answer {
  return {
    status,
    isEventStream: typeOf(headers) === eventStreamType,
    coding: unreadableCoding(headers),
    retryAfterMs: readRetryAfter(headers.get("Retry-After")),
  };
}
