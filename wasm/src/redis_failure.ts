import { PublishError } from "./publish_errors.js";

/** What Redis answers while it takes no writes from anybody; the script has not begun to write then. */
const passing = new Map([
  ["BUSY", "it is busy with another script"],
  ["CLUSTERDOWN", "its cluster is down"],
  ["LOADING", "it is still loading its data: wait until it is done"],
  ["MASTERDOWN", "it has lost its primary"],
  ["MISCONF", "it can't save its data to disk, and refuses to write: see its log"],
  ["NOAUTH", "it wants a password: give it to the client"],
  ["NOREPLICAS", "it has too few replicas to write"],
  ["OOM", "it has no memory left: raise maxmemory"],
  ["READONLY", "it is a replica: connect the client to the primary"],
  ["TRYAGAIN", "its cluster is moving the keys"],
  ["UNKILLABLE", "it is busy with another script"],
]);

/** What it answers to this client only, now and later. */
const lasting = new Map([
  ["CROSSSLOT", "it is a cluster, where the history's names lie in different slots: use a single server"],
  [
    "NOPERM",
    "it does not permit it: the user needs what the native broker needs, on the keys ~service:registration-updates:* " +
      "and the channel &service:registration-updates",
  ],
  [
    "WRONGTYPE",
    "it holds something else where the history belongs: rename or delete the key service:registration-updates:history",
  ],
]);

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : "";
}

/** "OOM" of "OOM command not allowed"; empty where Redis did not say it: clients' own errors are sentences. */
function replyCode(message: string): string {
  return /^([A-Z][A-Z_]+)(?: |$)/.exec(message)?.[1] ?? "";
}

/**
 * A peer's text on one bounded line. Redis quotes the arguments of a command that it does not know, and they may be a
 * password.
 */
function printable(reply: string): string {
  return reply
    .replace(/,? with args beginning with.*/s, "")
    .replace(/[^ -~]/g, "?")
    .slice(0, 160);
}

/** True where Redis does not know the script by its digest. */
export function isScriptUnknown(error: unknown): boolean {
  return replyCode(messageOf(error)) === "NOSCRIPT";
}

/** What a client's error means for the update that was sent: `unreachable` is worth another try, `refused` is not. */
export function readFailure(error: unknown): PublishError {
  const message = messageOf(error);
  const code = replyCode(message);
  const reason = passing.get(code);
  if (reason !== undefined) {
    return new PublishError("unreachable", `redis takes no updates: ${reason} (${code})`);
  }
  if (code !== "") {
    const what = lasting.get(code) ?? printable(message);
    return new PublishError("refused", `redis refused the update: ${what} (${code})`);
  }
  if (/(subscriber|pubsub) mode/i.test(message)) {
    return new PublishError(
      "refused",
      "the redis client is subscribed, and takes no other commands: give the publisher another one",
    );
  }
  // Of a client's own error only its code is safe to show: a URL with a password may stand in its text.
  const systemCode = error instanceof Error && "code" in error ? String(error.code) : "";
  const detail = /^[A-Z][A-Z0-9_]{0,40}$/.test(systemCode) ? ` (${systemCode})` : "";
  return new PublishError(
    "unreachable",
    `redis can't be reached, or the connection broke${detail}: is it running, and has the client its address?`,
  );
}
