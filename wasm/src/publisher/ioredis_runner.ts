import { historyScript, historyScriptDigest } from "../generated/history_script.js";
import { callMember, member } from "./members.js";
import { type ReplicaWait, waitForReplicas } from "./replica_wait.js";
import { listenForReady, runByDigest, type ScriptCall, type ScriptRunner } from "./script_runner.js";

/** The part of an ioredis 5 client that is used: for one server, by address or sentinels, or for a cluster. */
export interface IoredisLike {
  readonly status?: string;
  evalsha(digest: string, keyCount: number, ...keysAndArguments: string[]): Promise<unknown>;
  eval(script: string, keyCount: number, ...keysAndArguments: string[]): Promise<unknown>;
}

export function isIoredis(client: object): client is IoredisLike {
  // node-redis 3 has `evalsha` as well, but answers by callbacks.
  return "evalsha" in client && typeof client.evalsha === "function" && !("internal_send_command" in client);
}

/** Reconnects only a client that comes back by itself; any other would stay disconnected. */
function reconnect(client: IoredisLike): boolean {
  // A cluster's client follows its nodes, which know where a slot is.
  const mayReconnect = member(client, "isCluster") !== true && "disconnect" in client;
  if (!mayReconnect || typeof member(client, "options", "retryStrategy") !== "function") {
    return false;
  }
  callMember(client, "disconnect", true);
  return true;
}

function callOf(client: IoredisLike): ScriptCall {
  return (how, keys, args) =>
    how === "digest"
      ? client.evalsha(historyScriptDigest, keys.length, ...keys, ...args)
      : client.eval(historyScript, keys.length, ...keys, ...args);
}

function runnerOf(client: IoredisLike, call: ScriptCall, callsInFlightMax: number, close: () => void): ScriptRunner {
  return {
    callsInFlightMax,
    serversMove: member(client, "isCluster") === true || member(client, "options", "sentinels") != null,
    // "wait": the client connects with its first command.
    isReady: () => client.status === undefined || client.status === "ready" || client.status === "wait",
    onReady: (listener) => listenForReady(client, listener),
    reconnect: () => reconnect(client),
    // ioredis asks its sentinels, or the cluster's nodes, whenever a connection ends.
    findPrimary: () => undefined,
    run: (keys, args, isWanted) => runByDigest(call, keys, args, isWanted),
    close,
  };
}

export function createIoredisRunner(client: IoredisLike, callsInFlightMax: number): ScriptRunner {
  return runnerOf(client, callOf(client), callsInFlightMax, () => undefined);
}

/** Creates a runner with a client of the publisher's own, which connects with the first update. */
export function createOwnIoredisRunner(client: IoredisLike, callsInFlightMax: number, wait: ReplicaWait): ScriptRunner {
  const own = callMember(client, "duplicate", { lazyConnect: true, enableOfflineQueue: true }) as IoredisLike;
  // The publisher reports waiting updates itself; without a listener ioredis prints every failed attempt.
  callMember(own, "on", "error", () => undefined);
  const call = waitForReplicas(own, callOf(own), wait);
  return runnerOf(own, call, callsInFlightMax, () => void callMember(own, "disconnect"));
}
