import { historyScript, historyScriptDigest } from "./generated/history_script.js";
import { isScriptUnknown } from "./redis_failure.js";

/** What is used of an ioredis client. */
export interface IoredisLike {
  readonly status?: string;
  evalsha(digest: string, keyCount: number, ...keysAndArguments: string[]): Promise<unknown>;
  eval(script: string, keyCount: number, ...keysAndArguments: string[]): Promise<unknown>;
}

/** What is used of a node-redis client, version 4 or 5. */
export interface NodeRedisLike {
  readonly isReady?: boolean;
  evalSha(digest: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>;
  eval(script: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>;
}

export type RedisClient = IoredisLike | NodeRedisLike;

/** Runs the history's script through the application's client. */
export interface ScriptRunner {
  /**
   * False while the client has no connection. Nothing is given to it then: what it keeps for later it may send when the
   * update's key is forgotten.
   */
  isReady(): boolean;
  /** Calls `listener` when the client is connected again, where it tells that; returns what ends that. */
  onReady(listener: () => void): () => void;
  /**
   * Runs the script by its digest, and with its text where Redis does not know it. `isWanted` is asked in between, for
   * by then it may be too late.
   */
  run(keys: string[], args: string[], isWanted: () => boolean): Promise<unknown>;
}

interface Emitter {
  once(event: "ready", listener: () => void): unknown;
  off(event: "ready", listener: () => void): unknown;
}

function isEmitter(client: object): client is Emitter {
  return "once" in client && typeof client.once === "function" && "off" in client && typeof client.off === "function";
}

function isNodeRedis(client: RedisClient): client is NodeRedisLike {
  return "evalSha" in client && typeof client.evalSha === "function";
}

function isIoredis(client: RedisClient): client is IoredisLike {
  // node-redis 3 has `evalsha` as well, and answers by callbacks.
  return "evalsha" in client && typeof client.evalsha === "function" && !("internal_send_command" in client);
}

/** ioredis puts a client's `keyPrefix` before each key, and the history would be where no gateway looks. */
function hasKeyPrefix(client: IoredisLike): boolean {
  const options: unknown = "options" in client ? client.options : undefined;
  return typeof options === "object" && options !== null && "keyPrefix" in options && Boolean(options.keyPrefix);
}

function runner(
  client: RedisClient,
  isReady: () => boolean,
  call: (how: "digest" | "text", keys: string[], args: string[]) => Promise<unknown>,
): ScriptRunner {
  return {
    isReady,
    onReady(listener) {
      if (!isEmitter(client)) {
        return () => undefined;
      }
      client.once("ready", listener);
      return () => void client.off("ready", listener);
    },
    async run(keys, args, isWanted) {
      try {
        return await call("digest", keys, args);
      } catch (error) {
        if (!isScriptUnknown(error) || !isWanted()) {
          throw error;
        }
        return await call("text", keys, args);
      }
    },
  };
}

/** Throws TypeError where `client` is none that can publish. */
export function createRunner(client: RedisClient): ScriptRunner {
  if (typeof client !== "object" || client === null) {
    throw new TypeError("redis must be a client of ioredis, or of node-redis 4 or 5");
  }
  if ("isCluster" in client && client.isCluster === true) {
    throw new TypeError(
      "redis must be a client of a single server: in a cluster the history's names lie in different slots",
    );
  }
  if (isNodeRedis(client)) {
    return runner(
      client,
      () => client.isReady !== false,
      (how, keys, args) =>
        how === "digest"
          ? client.evalSha(historyScriptDigest, { keys, arguments: args })
          : client.eval(historyScript, { keys, arguments: args }),
    );
  }
  if (!isIoredis(client)) {
    throw new TypeError("redis must be a client of ioredis, or of node-redis 4 or 5");
  }
  if (hasKeyPrefix(client)) {
    throw new TypeError('redis must be a client without keyPrefix, such as redis.duplicate({ keyPrefix: "" })');
  }
  return runner(
    client,
    // "wait": it connects with its first command.
    () => client.status === undefined || client.status === "ready" || client.status === "wait",
    (how, keys, args) =>
      how === "digest"
        ? client.evalsha(historyScriptDigest, keys.length, ...keys, ...args)
        : client.eval(historyScript, keys.length, ...keys, ...args),
  );
}
