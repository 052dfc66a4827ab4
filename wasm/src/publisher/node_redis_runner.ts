import { historyScript, historyScriptDigest } from "../generated/history_script.js";
import { listenForReady, runByDigest, type ScriptCall, type ScriptRunner } from "./script_runner.js";

/**
 * What is used of a client of node-redis 4 or 5: of one server, of a cluster (`createCluster`), or by sentinels
 * (`createSentinel`).
 */
export interface NodeRedisLike {
  readonly isReady?: boolean;
  evalSha(digest: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>;
  eval(script: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>;
}

export function isNodeRedis(client: object): client is NodeRedisLike {
  return "evalSha" in client && typeof client.evalSha === "function";
}

export function nodeRedisCall(client: NodeRedisLike): ScriptCall {
  return (how, keys, args) =>
    how === "digest"
      ? client.evalSha(historyScriptDigest, { keys, arguments: args })
      : client.eval(historyScript, { keys, arguments: args });
}

export function createNodeRedisRunner(client: NodeRedisLike): ScriptRunner {
  const call = nodeRedisCall(client);
  return {
    isReady: () => client.isReady !== false,
    onReady: (listener) => listenForReady(client, listener),
    // It can't, and keep what the application has asked it.
    reconnect: () => false,
    // By sentinels it does so before each command, where its connection is gone.
    findPrimary: () => undefined,
    run: (keys, args, isWanted) => runByDigest(call, keys, args, isWanted),
  };
}
