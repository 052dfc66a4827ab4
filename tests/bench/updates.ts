import type { ChainableCommander, Redis } from "ioredis";
import { type HistoryCall, publishCall } from "../../wasm/src/publisher/history_call.ts";
import { historyScript, historyScriptDigest } from "../../wasm/src/generated/history_script.ts";

import { channel } from "../processes/redis.ts";

/** The defaults of `regstream serve` and `regstream/publisher`. */
const history = { channel, length: 10_000, bytes: 2 ** 26, keyLifetimeMs: 600_000 };

/** A typical update: short, for one stage. */
export function updateOf(registrationId: number): string {
  return JSON.stringify({
    registrationId,
    status: "PENDING",
    stage: "t24_lookup",
    stageStatus: "completed",
    message: "Found 5 accounts",
    timestamp: Date.now(),
  });
}

/** Call once for each Redis, before `publishInHistory`. */
export async function loadHistoryScript(client: Redis): Promise<void> {
  await client.script("LOAD", historyScript);
}

/** Appends to the history and publishes, as a publisher does, without waiting for the answers to earlier updates. */
export function publishInHistory(pipeline: ChainableCommander, message: string, publisher: string): void {
  const { keys, args } = batchCall(publisher, 1, [{ message, key: null }]);
  pipeline.evalsha(historyScriptDigest, keys.length, ...keys, ...args);
}

/** Publishes several updates of one publisher in one call of the script, with no earlier call in flight. */
export function batchCall(
  publisher: string,
  first: number,
  updates: readonly { message: string; key: string | null }[],
): HistoryCall {
  const publishes = updates.map((update) => ({
    ...update,
    bytes: 0,
    resolve: () => undefined,
    reject: () => undefined,
  }));
  const caller = { publisher, greatestId: "0-0", serversMove: false };
  return publishCall(history, caller, {
    batch: { first, publishes, firstSent: 0, isUncertain: false },
    isFirstInLine: true,
  });
}

/** Sends everything and waits for the answers. Fails if one is an error. */
export async function run(pipeline: ChainableCommander): Promise<void> {
  const refused = (await pipeline.exec())?.find(([error]) => error !== null);
  if (refused?.[0]) throw refused[0];
}
