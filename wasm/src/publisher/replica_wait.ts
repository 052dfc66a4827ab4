import { callMember } from "./members.js";
import { PublishError } from "./publish_errors.js";
import { replyCodeOf } from "./redis_failure.js";
import type { ScriptCall } from "./script_runner.js";

export interface ReplicaWait {
  /** As many replicas are to have an update before it counts as published. */
  readonly replicas: number;
  /** For so long a call waits for them; twice as long, up to four seconds, after each that was too short. */
  readonly timeoutMs: number;
}

const longerTimeoutMsMax = 4_000;

/** Of which replicas have it nothing is known, but it is in the history. */
function unreplicated(what: string): PublishError {
  const until = "it is sent again until they have it";
  return new PublishError("unreplicated", `redis has taken the update, but ${what}: ${until}`);
}

/** An answer of WAIT: how many replicas have all that was written by this connection. */
async function countOf(answer: Promise<unknown>): Promise<number> {
  try {
    return Number(await answer);
  } catch (error) {
    const code = replyCodeOf(error);
    throw code === "" ? error : unreplicated(`does not say which replicas have it (${code})`);
  }
}

/**
 * Each call with a WAIT behind it, on the same connection: what follows on it has to wait as well, so nobody else may
 * use it. A call whose WAIT falls short fails, though it is in the history.
 *
 * If the connection breaks between the two, WAIT may go out by the next one and count what is not asked here. Clients
 * tell that they are connected again before that, and the publisher has given the call up by then.
 */
export function waitForReplicas(client: object, call: ScriptCall, { replicas, timeoutMs }: ReplicaWait): ScriptCall {
  // A call that is sent again writes again: replicas that lag by more than the timeout would never have it. It stays
  // longer, which costs nothing where they are quick.
  let nextTimeoutMs = timeoutMs;
  return async (how, keys, args) => {
    const waitedMs = nextTimeoutMs;
    const answered = call(how, keys, args);
    const counted = countOf(Promise.resolve(callMember(client, "wait", replicas, waitedMs)));
    // Of a call that fails nobody asks.
    counted.catch(() => undefined);
    const answer = await answered;
    const count = await counted;
    if (!(count >= replicas)) {
      nextTimeoutMs = Math.max(timeoutMs, Math.min(2 * waitedMs, longerTimeoutMsMax));
      throw unreplicated(`${count} of ${replicas} replicas have it after ${waitedMs} ms`);
    }
    return answer;
  };
}
