import { historyScript, historyScriptDigest } from "../generated/history_script.js";
import { callMember } from "./members.js";
import { type ReplicaWait, waitForReplicas } from "./replica_wait.js";
import { listenForReady, runByDigest, type ScriptCall, type ScriptRunner } from "./script_runner.js";

/**
 * The part of a node-redis 4 or 5 client that is used: for one server, for a cluster (`createCluster`), or by sentinels
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

/** A client by sentinels lends a connection to each command, and later commands may get theirs first. */
function isSentinel(client: object): boolean {
  return "getSentinelNode" in client;
}

function callOf(client: NodeRedisLike): ScriptCall {
  return (how, keys, args) =>
    how === "digest"
      ? client.evalSha(historyScriptDigest, { keys, arguments: args })
      : client.eval(historyScript, { keys, arguments: args });
}

function runnerOf(
  client: NodeRedisLike,
  call: ScriptCall,
  callsInFlightMax: number,
  isReady: () => boolean,
  close: () => void,
): ScriptRunner {
  return {
    callsInFlightMax,
    serversMove: isSentinel(client),
    isReady,
    onReady: (listener) => listenForReady(client, listener),
    // node-redis can't reconnect without dropping the application's commands.
    reconnect: () => false,
    // By sentinels, node-redis does so before each command if its connection is gone.
    findPrimary: () => undefined,
    run: (keys, args, isWanted) => runByDigest(call, keys, args, isWanted),
    close,
  };
}

export function createNodeRedisRunner(client: NodeRedisLike, callsInFlightMax: number): ScriptRunner {
  const isReady = (): boolean => client.isReady !== false;
  return runnerOf(client, callOf(client), isSentinel(client) ? 1 : callsInFlightMax, isReady, () => undefined);
}

/** Creates a runner with a client of the publisher's own, which connects with the first update. */
export function createOwnNodeRedisRunner(
  client: NodeRedisLike,
  callsInFlightMax: number,
  wait: ReplicaWait,
): ScriptRunner {
  const own = callMember(client, "duplicate") as NodeRedisLike;
  callMember(own, "on", "error", () => undefined);
  let isStarted = false;
  const isReady = (): boolean => {
    if (!isStarted) {
      isStarted = true;
      // The client keeps trying, as the application's does; the publisher reports that updates wait.
      void Promise.resolve(callMember(own, "connect")).catch(() => undefined);
    }
    return own.isReady !== false;
  };
  const close = async (): Promise<void> => {
    try {
      await callMember(own, "destroy" in own ? "destroy" : "disconnect"); // Version 4 has no `destroy`.
    } catch {
      // The client has ended already.
    }
  };
  const call = waitForReplicas(own, callOf(own), wait);
  return runnerOf(own, call, callsInFlightMax, isReady, () => void (isStarted && close()));
}
