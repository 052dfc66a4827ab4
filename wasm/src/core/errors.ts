/**
 * The failures that a page has to know. A lost connection is not among them: the stream reconnects by itself, and
 * `connection` and `reason` show it.
 *
 * - `load_failed`: the WebAssembly module could not be loaded. It is tried again, less and less often.
 * - `unsupported`: there is neither EventSource nor fetch, or the environment refused the address.
 * - `invalid_options`: one stream can't do what the options ask.
 * - `refused`: the server refused the stream for good.
 * - `token_denied`: the page has no token.
 * - `malformed_message`, `message_too_large`: one event could not be read; the stream goes on.
 * - `closed`: the page closed the stream before its instance ended. Only `finished` rejects with it.
 * - `core_failed`: the module trapped, or is out of memory. `connect()` starts a fresh one.
 */
export type StreamErrorKind =
  | "load_failed"
  | "unsupported"
  | "invalid_options"
  | "refused"
  | "token_denied"
  | "malformed_message"
  | "message_too_large"
  | "closed"
  | "core_failed";

export class StreamError extends Error {
  override readonly name = "StreamError";
  readonly kind: StreamErrorKind;

  constructor(kind: StreamErrorKind, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.kind = kind;
  }
}
