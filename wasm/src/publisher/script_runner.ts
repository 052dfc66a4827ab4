import { isScriptUnknown } from "./redis_failure.js";

/** Runs the history's script through a client. */
export interface ScriptRunner {
  /** How many calls may be in flight, so that they reach Redis in order. */
  readonly callsInFlightMax: number;
  /** Whether another server may take over the history: by sentinels, or in a cluster. */
  readonly serversMove: boolean;
  /**
   * False while the client is not connected to the history's server. No call is made then: the client might queue it
   * and send it after Redis has forgotten how to recognise it.
   */
  isReady(): boolean;
  /**
   * Calls `listener` when the client is connected again, if the client reports that. The returned function
   * unsubscribes.
   */
  onReady(listener: () => void): () => void;
  /** Reconnects the client by the server's name. False: the client can't without dropping queued commands. */
  reconnect(): boolean;
  /** For a client that is not ready: lets it find out where the history is now, if it would not by itself. */
  findPrimary(): void;
  /**
   * Runs the script by its digest, or by its text if Redis does not have it. `isWanted` is asked in between, since it
   * may be too late by then.
   */
  run(keys: string[], args: string[], isWanted: () => boolean): Promise<unknown>;
  /** Ends the client if it is the publisher's own; leaves the application's open. */
  close(): void;
}

/** Runs the script through a client, by its digest or its text. Makes the call before it returns. */
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

/**
 * Calls `listener` at a client's next event `ready`. ioredis emits it also for a cluster, node-redis only for a single
 * server.
 */
export function listenForReady(client: object, listener: () => void): () => void {
  if (!isEmitter(client)) {
    return () => undefined;
  }
  client.once("ready", listener);
  return () => void client.off("ready", listener);
}
