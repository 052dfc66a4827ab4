import { historyNames } from "./history_names.js";
import { createIoredisRunner, createOwnIoredisRunner, type IoredisLike, isIoredis } from "./ioredis_runner.js";
import { member } from "./members.js";
import { createNodeRedisClusterRunner, isNodeRedisCluster } from "./node_redis_cluster.js";
import {
  createNodeRedisRunner,
  createOwnNodeRedisRunner,
  isNodeRedis,
  type NodeRedisLike,
} from "./node_redis_runner.js";
import { PublishError } from "./publish_errors.js";
import { knownBatchesMax } from "./publish_queue.js";
import type { ReplicaWait } from "./replica_wait.js";
import type { ScriptRunner } from "./script_runner.js";

export type RedisClient = IoredisLike | NodeRedisLike;

const otherDatabase =
  "redis must be a client of database 0, the only one that has a history: Pub/Sub has no databases, and no gateway " +
  "looks in another one";

/** Where a client shows its selected database: three places for ioredis, two for node-redis. */
const databases = [
  ["options", "db"],
  ["options", "redisOptions", "db"],
  ["condition", "select"],
  ["options", "database"],
  ["_options", "defaults", "database"],
] as const;

function isInOtherDatabase(client: RedisClient): boolean {
  return databases.some((path) => Number(member(client, ...path) ?? 0) !== 0);
}

/**
 * Why a client can't publish: with its settings the history would not be the one that gateways read, or could not be
 * written. Null if the settings are fine. Settings that read from replicas do no harm: the script's calls write.
 */
function whyUnfit(client: RedisClient): string | null {
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

/** Why the client can't wait for replicas; null if it can. */
function whyNoWait(client: RedisClient): string | null {
  if (member(client, "isCluster") === true || isNodeRedisCluster(client)) {
    return "waitReplicas does not work with a cluster: WAIT has no key by which the client could find the node";
  }
  // WAIT blocks its connection, so it needs one that nobody else uses.
  return "duplicate" in client && typeof client.duplicate === "function"
    ? null
    : "waitReplicas needs a client with duplicate(), which node-redis's createSentinel lacks: use ioredis";
}

function runnerOf(client: RedisClient, channel: string, wait: ReplicaWait | null): ScriptRunner {
  if (isNodeRedis(client)) {
    if (isNodeRedisCluster(client)) {
      return createNodeRedisClusterRunner(client, knownBatchesMax, historyNames(channel).history);
    }
    return wait === null
      ? createNodeRedisRunner(client, knownBatchesMax)
      : createOwnNodeRedisRunner(client, knownBatchesMax, wait);
  }
  return wait === null
    ? createIoredisRunner(client, knownBatchesMax)
    : createOwnIoredisRunner(client, knownBatchesMax, wait);
}

/**
 * Creates the runner for a client. Throws TypeError if `client` can't publish on `channel`, or can't wait for replicas
 * as `wait` asks.
 */
export function createRunner(client: RedisClient, channel: string, wait: ReplicaWait | null): ScriptRunner {
  if (typeof client !== "object" || client === null || !(isNodeRedis(client) || isIoredis(client))) {
    throw new TypeError("redis must be a client of ioredis, or of node-redis 4 or 5");
  }
  const why = whyUnfit(client) ?? (wait === null ? null : whyNoWait(client));
  if (why !== null) {
    throw new TypeError(why);
  }
  const runner = runnerOf(client, channel, wait);
  return {
    ...runner,
    run(keys, args, isWanted) {
      // The application may have selected another database since.
      return isInOtherDatabase(client)
        ? Promise.reject(new PublishError("refused", otherDatabase))
        : runner.run(keys, args, isWanted);
    },
  };
}
