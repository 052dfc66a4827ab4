/** Calls of the script's mode `publish`, as the native broker makes them (native/broker/history_call.cpp). */

interface HistoryNames {
  readonly history: string;
  readonly server: string;
  /** A pattern of all keys, for Redis's ACL. */
  readonly allKeys: string;
  update(key: string): string;
}

/** The names of a workflow's keys in Redis: they follow from its channel (native/broker/history_names.hpp). */
export function historyNames(channel: string): HistoryNames {
  const tag = `{${channel}}:`;
  return { history: `${tag}history`, server: `${tag}server`, allKeys: `${tag}*`, update: (key) => `${tag}key:${key}` };
}

/**
 * A workflow's history in Redis, and how much of it is kept. Whoever publishes trims it, so every process should be
 * given the same.
 */
export interface HistoryOptions {
  /** Of updates; the keys are named after it. */
  readonly channel: string;
  readonly length: number;
  readonly bytes: number;
  readonly keyLifetimeMs: number;
}

export interface HistoryCall {
  readonly keys: string[];
  readonly args: string[];
}

/** `known` is the greatest id that this process has met. */
export function publishCall(history: HistoryOptions, known: string, key: string, message: string): HistoryCall {
  const names = historyNames(history.channel);
  return {
    keys: [names.history, names.server, names.update(key)],
    args: [
      "publish",
      known,
      String(history.length),
      String(history.bytes),
      history.channel,
      "", // How the server keeps its writes is the gateways' to find out.
      String(history.keyLifetimeMs),
      message,
    ],
  };
}

/** The id that the script gave; null where the answer is none. */
export function readId(answer: unknown): string | null {
  // A client may be set to give Buffers.
  const text = answer instanceof Uint8Array ? new TextDecoder().decode(answer) : answer;
  return typeof text === "string" && /^\d{1,20}-\d{1,20}$/.test(text) ? text : null;
}

function parts(id: string): [epoch: bigint, sequence: bigint] {
  const [epoch = "0", sequence = "0"] = id.split("-");
  return [BigInt(epoch), BigInt(sequence)];
}

/** Ids of the history order as their two numbers do, which a double can't hold. */
export function greaterId(left: string, right: string): string {
  const [leftEpoch, leftSequence] = parts(left);
  const [rightEpoch, rightSequence] = parts(right);
  const isLeft = leftEpoch > rightEpoch || (leftEpoch === rightEpoch && leftSequence > rightSequence);
  return isLeft ? left : right;
}
