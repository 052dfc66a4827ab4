import { passingErrors, type PassingError } from "../generated/passing_errors.js";
import { historyNames } from "./history_names.js";
import { PublishError } from "./publish_errors.js";

/** Describes an error that Redis gives this client now and later; undefined for any other code. */
function describeLasting(code: string, channel: string): string | undefined {
  const names = historyNames(channel);
  switch (code) {
    case "NOPERM":
      return (
        `the user lacks permission: it needs the native broker's rights (docs/redis.md) on the keys ` +
        `~${names.allKeys} and the channel &${channel}`
      );
    case "WRONGTYPE":
      return `it holds something else where the history belongs: rename or delete the key ${names.history}`;
    default:
      return undefined;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : "";
}

/**
 * The code of an error reply: "OOM" of "OOM command not allowed". Empty if the text is not Redis's: clients' own errors
 * are sentences. Redis before 7 wraps an error inside a script in a sentence of its own; the code is then the inner
 * one. Redis 7 has such a sentence for NOPERM.
 */
function replyCode(message: string): string {
  if (/^ERR (The user executing the script|ACL failure in script:) /.test(message)) {
    return "NOPERM";
  }
  const inner = /^ERR Error running script.*: -([A-Z]+)(?: |$)/s.exec(message)?.[1];
  return inner ?? /^([A-Z][A-Z_]+)(?: |$)/.exec(message)?.[1] ?? "";
}

/** The temporary refusal that an error means; null for any other error. */
export function findPassingError(error: unknown): PassingError | null {
  const code = replyCode(messageOf(error));
  return passingErrors.find((passing) => passing.code === code) ?? null;
}

/**
 * A server's text on one bounded line, without the arguments that Redis quotes of an unknown command: they may be a
 * password.
 */
function printable(reply: string): string {
  return reply
    .replace(/,? with args beginning with.*/s, "")
    .replace(/[^ -~]/g, "?")
    .slice(0, 160);
}

/** Empty if the error is not Redis's. */
export function replyCodeOf(error: unknown): string {
  return replyCode(messageOf(error));
}

/** True if Redis does not have the script of that digest. */
export function isScriptUnknown(error: unknown): boolean {
  return replyCodeOf(error) === "NOSCRIPT";
}

/** True if an update sent before these is not in the history. */
export function isOutOfOrder(error: unknown): boolean {
  return replyCodeOf(error) === "OUTOFORDER";
}

/**
 * What a client's error means for an update that was sent on `channel`: `unreachable` is worth another try, `refused`
 * is not.
 */
export function readFailure(error: unknown, channel: string): PublishError {
  if (error instanceof PublishError) {
    return error;
  }
  // ioredis gives up a cluster's call with this after some tries. An earlier try may have succeeded without an answer.
  const lastOfMany = /^Too many Cluster redirections\. Last error: ReplyError: (.*)/s.exec(messageOf(error))?.[1];
  const passing = findPassingError(lastOfMany === undefined ? error : new Error(lastOfMany));
  if (passing !== null) {
    return new PublishError("unreachable", `redis takes no updates for now: ${passing.reason} (${passing.code})`);
  }
  const message = messageOf(error);
  const code = replyCode(message);
  if (code !== "") {
    const what = describeLasting(code, channel) ?? printable(message);
    return new PublishError("refused", `redis refused the update: ${what} (${code})`);
  }
  if (/(subscriber|pubsub) mode/i.test(message)) {
    return new PublishError(
      "refused",
      "the redis client is subscribed and takes no other commands: give the publisher another client",
    );
  }
  // Only the code of a client's own error is safe to show: its text may contain a URL with a password.
  const systemCode = error instanceof Error && "code" in error ? String(error.code) : "";
  const detail = /^[A-Z][A-Z0-9_]{0,40}$/.test(systemCode) ? ` (${systemCode})` : "";
  return new PublishError(
    "unreachable",
    `redis can't be reached, or the connection broke${detail}: is it running, and does the client have its address?`,
  );
}
