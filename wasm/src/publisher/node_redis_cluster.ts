/**
 * Runs the script through a cluster's client of node-redis 4 or 5. That client sends by its map of slots and updates
 * the map only when a node answers MOVED. When a shard's primary dies, it therefore waits for that node with all its
 * commands, though a replica has taken over: no node is asked, so none answers MOVED. The runner asks another node.
 */

import { historyScript, historyScriptDigest } from "../generated/history_script.js";
import { keySlot } from "./key_slot.js";
import { member } from "./members.js";
import { runByDigest, type ScriptCall, type ScriptRunner } from "./script_runner.js";

/** The part of the client that is used. `firstKey` selects the node. */
interface NodeRedisClusterLike {
  sendCommand(firstKey: string, isReadonly: boolean, words: string[]): Promise<unknown>;
}

export function isNodeRedisCluster(client: object): client is NodeRedisClusterLike {
  return "getSlotRandomNode" in client && "sendCommand" in client;
}

/** In version 4 a connection is a promise until it has been established once. */
function isNodeReady(node: unknown): boolean {
  return member(node, "client", "isReady") === true;
}

/** Among so many numbers there is almost surely one in a slot of each node. */
const triedKeys = 1_000;

/** `historyKey`'s slot decides which node has the history. */
export function createNodeRedisClusterRunner(
  client: NodeRedisClusterLike,
  callsInFlightMax: number,
  historyKey: string,
): ScriptRunner {
  const slot = keySlot(historyKey);
  const owner = (): unknown => member(client, "slots", slot, "master");
  // Version 4 does not see the keys of `evalSha` and would ask any node.
  const call: ScriptCall = (how, keys, args) => {
    const script = how === "digest" ? ["EVALSHA", historyScriptDigest] : ["EVAL", historyScript];
    return client.sendCommand(historyKey, false, [...script, String(keys.length), ...keys, ...args]);
  };
  let lastTried = 0;
  /** A key in the slot of another node that is connected; a different key at each call. */
  const keyElsewhere = (): string | null => {
    const lost = owner();
    for (let tries = 0; tries < triedKeys; ++tries) {
      const key = String(++lastTried);
      const node = member(client, "slots", keySlot(key), "master");
      if (node !== lost && isNodeReady(node)) {
        return key;
      }
    }
    return null;
  };
  return {
    callsInFlightMax,
    serversMove: true,
    isReady() {
      const node = owner();
      // Without a connection the node counts as ready: the first command connects (`minimizeConnections`).
      return node !== undefined && (member(node, "client") === undefined || isNodeReady(node));
    },
    // The client emits an event for a node's first connection only.
    onReady: () => () => undefined,
    reconnect: () => false,
    findPrimary() {
      const key = keyElsewhere();
      if (key !== null) {
        // The command goes to the node of `key`, which answers MOVED.
        client.sendCommand(key, false, ["EXISTS", historyKey]).catch(() => undefined);
      }
    },
    run: (keys, args, isWanted) => runByDigest(call, keys, args, isWanted),
    close: () => undefined,
  };
}
