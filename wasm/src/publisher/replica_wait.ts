import { callMember } from "./members.js";
import { PublishError } from "./publish_errors.js";
import { replyCodeOf } from "./redis_failure.js";
import type { ScriptCall } from "./script_runner.js";

export interface ReplicaWait {
  /** How many replicas must have an update before it counts as published. */
  readonly replicas: number;
  /**
   * How long a call waits for them. After a wait that was too short the next one is twice as long, up to four seconds.
   */
  readonly timeoutMs: number;
}

const longerTimeoutMsMax = 4_000;

/** The update is in the history, but not known to be on enough replicas. */
function unreplicated(what: string): PublishError {
  const until = "it is sent again until they have it";
  return new PublishError("unreplicated", `redis has taken the update, but ${what}: ${until}`);
}

/** Reads WAIT's answer: how many replicas have everything that this connection wrote. */
async function countOf(answer: Promise<unknown>): Promise<number> {
  try {
    return Number(await answer);
  } catch (error) {
    const code = replyCodeOf(error);
    throw code === "" ? error : unreplicated(`does not say which replicas have it (${code})`);
  }
}

/**
 * Sends a WAIT after each call, on the same connection. WAIT blocks that connection, so nobody else may use it. A call
 * whose WAIT falls short fails, though it is in the history.
 *
 * If the connection breaks between the two, the client may send WAIT on the next one, where it counts something else.
 * Clients report the new connection before that, and by then the publisher has given up the call.
 */
export function waitForReplicas(client: object, call: ScriptCall, { replicas, timeoutMs }: ReplicaWait): ScriptCall {
  // A call that is sent again writes again, so replicas that lag by more than the timeout would never be counted. The
  // longer timeout stays: it costs nothing while replicas are quick.
  let nextTimeoutMs = timeoutMs;
  return async (how, keys, args) => {
    const waitedMs = nextTimeoutMs;
    const answered = call(how, keys, args);
    const counted = countOf(Promise.resolve(callMember(client, "wait", replicas, waitedMs)));
    // If the call fails, nobody awaits this.
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
