/**
 * What can go wrong in a way that the page has to know of. A lost connection is none of these: the
 * stream comes back by itself, and `connection` and `reason` tell.
 *
 * - `load_failed`: the WebAssembly module could not be loaded; it is tried again, ever less often.
 * - `unsupported`: there is neither EventSource nor fetch here, or the address is none.
 * - `invalid_options`: the stream was asked for something that can't be.
 * - `refused`: the server refused the stream for good.
 * - `token_denied`: the page has no token to give.
 * - `malformed_message`, `message_too_large`: one event could not be read; the stream goes on.
 * - `closed`: the page closed the stream before what it waited for; only `finished` says so.
 * - `core_failed`: the module trapped, or is out of memory; `connect()` starts a fresh one.
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
