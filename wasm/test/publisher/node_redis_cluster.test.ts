import { describe, expect, it, vi } from "vitest";

import { historyScript, historyScriptDigest } from "../../src/generated/history_script.js";
import { keySlot } from "../../src/publisher/key_slot.js";
import { createNodeRedisClusterRunner } from "../../src/publisher/node_redis_cluster.js";

const historyKey = "{service:registration-updates}:history";

interface Node {
  client: unknown;
}

/** Three nodes with a third of the slots each; the last one has the history's. */
function cluster() {
  const nodes: [Node, Node, Node] = [
    { client: { isReady: true } },
    { client: { isReady: true } },
    { client: { isReady: true } },
  ];
  const shards = nodes.map((master) => ({ master }));
  const slots = Array.from({ length: 16_384 }, (_, slot) => shards[Math.floor((slot * 3) / 16_384)]);
  const client = {
    slots: slots as unknown[],
    sendCommand: vi.fn((_firstKey: string, _isReadonly: boolean, _words: string[]) =>
      Promise.reject(new Error("MOVED 1 a:1")),
    ),
  };
  return { client, nodes, runner: createNodeRedisClusterRunner(client, 5, historyKey) };
}

describe("a node-redis cluster's client", () => {
  it("is ready while the node of the history is", () => {
    const { client, nodes, runner } = cluster();
    expect(runner.isReady()).toBe(true);
    nodes[0].client = { isReady: false };
    expect(runner.isReady()).toBe(true);
    nodes[2].client = { isReady: false };
    expect(runner.isReady()).toBe(false);
    nodes[2].client = Promise.resolve({ isReady: true }); // Version 4, while it connects.
    expect(runner.isReady()).toBe(false);
    nodes[2].client = undefined; // It connects with its first command.
    expect(runner.isReady()).toBe(true);
    client.slots = []; // Before it knows any node.
    expect(runner.isReady()).toBe(false);
  });

  it("sends by the history's key, which version 4 would not see", async () => {
    const { client, runner } = cluster();
    client.sendCommand
      .mockRejectedValueOnce(new Error("NOSCRIPT No matching script."))
      .mockResolvedValueOnce("1-1" as never);
    expect(await runner.run(["k", "l"], ["a"], () => true)).toBe("1-1");
    expect(client.sendCommand.mock.calls).toEqual([
      [historyKey, false, ["EVALSHA", historyScriptDigest, "2", "k", "l", "a"]],
      [historyKey, false, ["EVAL", historyScript, "2", "k", "l", "a"]],
    ]);
  });

  it("asks the other nodes in turn where the history is, since it learns that only by MOVED", () => {
    const { client, nodes, runner } = cluster();
    nodes[2].client = { isReady: false };
    const asked = new Set<unknown>();
    for (let times = 0; times < 20; ++times) {
      runner.findPrimary();
      expect(client.sendCommand).toHaveBeenCalledTimes(times + 1);
      const [firstKey = "", isReadonly, words] = client.sendCommand.mock.lastCall ?? [];
      expect([isReadonly, words]).toEqual([false, ["EXISTS", historyKey]]);
      asked.add((client.slots[keySlot(firstKey)] as { master: unknown }).master);
    }
    expect(asked).toEqual(new Set([nodes[0], nodes[1]]));
  });

  it("asks no node if none answers, or none is known", () => {
    const { client, nodes, runner } = cluster();
    for (const node of nodes) {
      node.client = { isReady: false };
    }
    runner.findPrimary();
    client.slots = [];
    runner.findPrimary();
    expect(client.sendCommand).not.toHaveBeenCalled();
  });
});
