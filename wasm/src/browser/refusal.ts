import type { Answer, CoreReason } from "../core/connection.js";
import { StreamError } from "../core/errors.js";

/** The error of a stream that was closed for good, by the server or because the page has no token. */
export function refusal(reason: CoreReason, answer: Answer | undefined): StreamError {
  if (reason === "token_denied") {
    return new StreamError("token_denied", "The page has no token for the stream: its function token gave none");
  }
  const { status, coding } = answer ?? {};
  const seen = [
    ...(status === undefined ? [] : [`status ${status}`]),
    ...(coding === undefined ? [] : [`Content-Encoding ${coding}`]),
  ].join(", ");
  const said = seen === "" ? "" : ` (${seen})`;
  return new StreamError("refused", `The server refused the stream for good: ${reason}${said}`);
}

/** The error of a message that was skipped. */
export function unreadable(kind: "malformed" | "too_large", why: string): StreamError {
  return new StreamError(kind === "malformed" ? "malformed_message" : "message_too_large", why);
}
