import { historyScript, historyScriptDigest } from "../generated/history_script.js";
import { PublishError } from "./publish_errors.js";
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
  /** Lets the client connect anew, through the server's name. False: it can't do that and keep what it was asked. */
  reconnect(): boolean;
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

/** What `path` names within `object`; undefined where something on the way is missing. */
function member(object: unknown, ...path: string[]): unknown {
  return path.reduce<unknown>(
    (found, name) =>
      typeof found === "object" && found !== null ? (found as Readonly<Record<string, unknown>>)[name] : undefined,
    object,
  );
}

const otherDatabase =
  "redis must be a client of database 0, the only one that has a history: Pub/Sub has no databases, and no gateway " +
  "looks in another one";

/** The places where a client shows which database it has selected: ioredis twice, and node-redis. */
const databases = [
  ["options", "db"],
  ["condition", "select"],
  ["options", "database"],
] as const;

function isInOtherDatabase(client: RedisClient): boolean {
  return databases.some((path) => Number(member(client, ...path) ?? 0) !== 0);
}

/**
 * Why the history would not be the one that gateways read, or could not be written: what a client's settings show. Null
 * where nothing does.
 */
function whyUnfit(client: RedisClient): string | null {
  if (member(client, "isCluster") === true || "getSlotRandomNode" in client) {
    return "redis must be a client of a single server: clusters are not supported";
  }
  if (member(client, "isPipeline") === true || "execAsPipeline" in client) {
    return "redis must be a client, not a pipeline or a transaction of one";
  }
  if (member(client, "options", "keyPrefix")) {
    return 'redis must be a client without keyPrefix, such as redis.duplicate({ keyPrefix: "" })';
  }
  if (isInOtherDatabase(client)) {
    return otherDatabase;
  }
  const isReadOnly =
    member(client, "options", "readOnly") === true ||
    member(client, "options", "readonly") === true ||
    member(client, "options", "role") === "slave";
  return isReadOnly ? "redis must be a client of the primary, and not a read-only one" : null;
}

/** Only a client that comes back by itself: another one would be gone for good. */
function reconnectIoredis(client: IoredisLike): boolean {
  const disconnect = member(client, "disconnect");
  if (typeof disconnect !== "function" || typeof member(client, "options", "retryStrategy") !== "function") {
    return false;
  }
  disconnect.call(client, true);
  return true;
}

function runner(
  client: RedisClient,
  isReady: () => boolean,
  reconnect: () => boolean,
  call: (how: "digest" | "text", keys: string[], args: string[]) => Promise<unknown>,
): ScriptRunner {
  return {
    isReady,
    reconnect,
    onReady(listener) {
      if (!isEmitter(client)) {
        return () => undefined;
      }
      client.once("ready", listener);
      return () => void client.off("ready", listener);
    },
    async run(keys, args, isWanted) {
      // It may have selected another one since it was given to the publisher.
      if (isInOtherDatabase(client)) {
        throw new PublishError("refused", otherDatabase);
      }
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
  const why = isNodeRedis(client) || isIoredis(client) ? whyUnfit(client) : null;
  if (why !== null) {
    throw new TypeError(why);
  }
  if (isNodeRedis(client)) {
    return runner(
      client,
      () => client.isReady !== false,
      () => false,
      (how, keys, args) =>
        how === "digest"
          ? client.evalSha(historyScriptDigest, { keys, arguments: args })
          : client.eval(historyScript, { keys, arguments: args }),
    );
  }
  if (!isIoredis(client)) {
    throw new TypeError("redis must be a client of ioredis, or of node-redis 4 or 5");
  }
  return runner(
    client,
    // "wait": it connects with its first command.
    () => client.status === undefined || client.status === "ready" || client.status === "wait",
    () => reconnectIoredis(client),
    (how, keys, args) =>
      how === "digest"
        ? client.evalsha(historyScriptDigest, keys.length, ...keys, ...args)
        : client.eval(historyScript, keys.length, ...keys, ...args),
  );
}
