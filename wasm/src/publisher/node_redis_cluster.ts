/**
 * A cluster's client of node-redis 4 or 5. It sends by its map of slots, and learns a new one only where a node answers
 * MOVED. So when a shard's primary dies, it goes on waiting for that one, with all that it is asked, though a replica
 * has taken over: nobody is there to say MOVED. The runner lets another node say it.
 */

import { historyScript, historyScriptDigest } from "../generated/history_script.js";
import { keySlot } from "./key_slot.js";
import { member } from "./members.js";
import { runByDigest, type ScriptCall, type ScriptRunner } from "./script_runner.js";

/** What is used of it. `firstKey` says which node is asked. */
interface NodeRedisClusterLike {
  sendCommand(firstKey: string, isReadonly: boolean, words: string[]): Promise<unknown>;
}

export function isNodeRedisCluster(client: object): client is NodeRedisClusterLike {
  return "getSlotRandomNode" in client && "sendCommand" in client;
}

/** A connection of version 4 is a promise until it is there for the first time. */
function isNodeReady(node: unknown): boolean {
  return member(node, "client", "isReady") === true;
}

/** As many numbers as have, almost for sure, one in a slot of each node. */
const triedKeys = 1_000;

/** `historyKey` says by its slot where the history is. */
export function createNodeRedisClusterRunner(
  client: NodeRedisClusterLike,
  callsInFlightMax: number,
  historyKey: string,
): ScriptRunner {
  const slot = keySlot(historyKey);
  const owner = (): unknown => member(client, "slots", slot, "master");
  // Version 4 does not see the keys of `evalSha`, and asks any node.
  const call: ScriptCall = (how, keys, args) => {
    const script = how === "digest" ? ["EVALSHA", historyScriptDigest] : ["EVAL", historyScript];
    return client.sendCommand(historyKey, false, [...script, String(keys.length), ...keys, ...args]);
  };
  let lastTried = 0;
  /** A key whose slot another node has, one that answers; another one each time. */
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
      // Without a connection: it is made with the first command (`minimizeConnections`).
      return node !== undefined && (member(node, "client") === undefined || isNodeReady(node));
    },
    // It tells of a node's first connection only.
    onReady: () => () => undefined,
    reconnect: () => false,
    findPrimary() {
      const key = keyElsewhere();
      if (key !== null) {
        // It is sent to where `key` belongs, and there it is answered with MOVED.
        client.sendCommand(key, false, ["EXISTS", historyKey]).catch(() => undefined);
      }
    },
    run: (keys, args, isWanted) => runByDigest(call, keys, args, isWanted),
    close: () => undefined,
  };
}
