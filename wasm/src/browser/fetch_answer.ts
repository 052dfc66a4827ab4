/** What the head of a response says. */

import type { Answer } from "../core/connection.js";

/** How long a Retry-After asks to wait: seconds, or a date; undefined where it is neither. */
function readRetryAfter(value: string | null): number | undefined {
  if (value === null) {
    return undefined;
  }
  if (/^\d+$/.test(value)) {
    return Number(value) * 1_000;
  }
  // HTTP's three forms of a date (RFC 9110, 5.6.7). `Date.parse` takes almost anything for a date.
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
 * Whether the connection broke within the head of an answer that would have the type `expected`. Over plain HTTP,
 * Chromium takes what has come of a head for all of it (net/http/http_stream_parser.cc): a status of fewer digits, or a
 * type without its end. None of that is the server's word.
 */
export function isCutOff({ status, headers }: Response, expected: string): boolean {
  const type = typeOf(headers);
  return status < 200 || (status === 200 && type !== expected && expected.startsWith(type));
}

/** The codings that a fetch may undo by itself: which of them it asks for, or the server chose, is between the two. */
const undoneCodings = new Set(["", "identity", "gzip", "x-gzip", "deflate", "br", "zstd"]);

export function codingsOf(headers: Headers): string[] {
  return (headers.get("Content-Encoding") ?? "").split(",").map((coding) => coding.trim());
}

/** The first content coding that no fetch undoes: its bytes come as they are, and are no event stream. */
function unreadableCoding(headers: Headers): string | undefined {
  return codingsOf(headers).find((coding) => !undoneCodings.has(coding.toLowerCase()));
}

/** What the core hears of a response. */
export function answerOf({ status, headers }: Response): Answer {
  return {
    status,
    isEventStream: typeOf(headers) === eventStreamType,
    coding: unreadableCoding(headers),
    retryAfterMs: readRetryAfter(headers.get("Retry-After")),
  };
}
