import { isScriptUnknown } from "./redis_failure.js";

/** Runs the history's script through a client. */
export interface ScriptRunner {
  /** How many calls may be unanswered at a time, so that they reach Redis in order. */
  readonly callsInFlightMax: number;
  /** Whether another server may become the one that has the history: by sentinels, or in a cluster. */
  readonly serversMove: boolean;
  /**
   * False while the client has no connection to where the history is. Nothing is given to it then: what it keeps for
   * later it may send when Redis has forgotten by what it would know it.
   */
  isReady(): boolean;
  /** Calls `listener` when the client is connected again, where it tells that; returns what ends that. */
  onReady(listener: () => void): () => void;
  /** Lets the client connect anew, through the server's name. False: it can't do that and keep what it was asked. */
  reconnect(): boolean;
  /** For a client that is not ready: lets it find out where the history is now, if it would not by itself. */
  findPrimary(): void;
  /**
   * Runs the script by its digest, and with its text where Redis does not know it. `isWanted` is asked in between, for
   * by then it may be too late.
   */
  run(keys: string[], args: string[], isWanted: () => boolean): Promise<unknown>;
  /** Ends the client where it is the publisher's own, and leaves the application's as it is. */
  close(): void;
}

/** One way of a client to run the script: by its digest, or by its text. Asks the client before it returns. */
export type ScriptCall = (how: "digest" | "text", keys: string[], args: string[]) => Promise<unknown>;

export async function runByDigest(
  call: ScriptCall,
  keys: string[],
  args: string[],
  isWanted: () => boolean,
): Promise<unknown> {
  try {
    return await call("digest", keys, args);
  } catch (error) {
    if (!isScriptUnknown(error) || !isWanted()) {
      throw error;
    }
    return await call("text", keys, args);
  }
}

interface Emitter {
  once(event: "ready", listener: () => void): unknown;
  off(event: "ready", listener: () => void): unknown;
}

function isEmitter(client: object): client is Emitter {
  return "once" in client && typeof client.once === "function" && "off" in client && typeof client.off === "function";
}

/** Where a client tells that it is connected: ioredis also for a cluster, node-redis only for a single server. */
export function listenForReady(client: object, listener: () => void): () => void {
  if (!isEmitter(client)) {
    return () => undefined;
  }
  client.once("ready", listener);
  return () => void client.off("ready", listener);
}
