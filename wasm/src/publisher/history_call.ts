/** Calls of the script's mode `publish`, as the native broker makes them (native/broker/history_call.cpp). */

interface HistoryNames {
  readonly history: string;
  readonly server: string;
  /** A pattern of all keys, for Redis's ACL. */
  readonly allKeys: string;
  /** Where Redis keeps which batches a publisher has sent last. */
  publisher(name: string): string;
  update(key: string): string;
}

/** The names of a workflow's keys in Redis: they follow from its channel (native/broker/history_names.hpp). */
export function historyNames(channel: string): HistoryNames {
  const tag = `{${channel}}:`;
  return {
    history: `${tag}history`,
    server: `${tag}server`,
    allKeys: `${tag}*`,
    publisher: (name) => `${tag}publisher:${name}`,
    update: (key) => `${tag}key:${key}`,
  };
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

export interface UpdateCall {
  /** Of the publisher: no other process has this name. */
  readonly publisher: string;
  /** The publisher's number of the update, from 1 on. None that it has sent before is unanswered. */
  readonly sequence: number;
  /** The application's; null where it gave none. */
  readonly key: string | null;
  readonly message: string;
}

/** A batch of one update. `known` is the greatest id that this process has met. */
export function publishCall(history: HistoryOptions, known: string, update: UpdateCall): HistoryCall {
  const names = historyNames(history.channel);
  return {
    keys: [
      names.history,
      names.server,
      names.publisher(update.publisher),
      ...(update.key === null ? [] : [names.update(update.key)]),
    ],
    args: [
      "publish",
      known,
      String(history.length),
      String(history.bytes),
      history.channel,
      "", // How the server keeps its writes is the gateways' to find out.
      String(history.keyLifetimeMs),
      String(update.sequence),
      "1",
      update.key === null ? "0" : "1",
      update.message,
    ],
  };
}

/** What the script says of a batch of one update: its id, or why it is not in the history. Both are null in no answer. */
export function readAnswer(answer: unknown): { readonly id: string | null; readonly problem: string | null } {
  const only: unknown = Array.isArray(answer) && answer.length === 1 ? answer[0] : undefined;
  // A client may be set to give Buffers.
  const text = only instanceof Uint8Array ? new TextDecoder().decode(only) : only;
  if (typeof text !== "string") {
    return { id: null, problem: null };
  }
  return /^\d{1,20}-\d{1,20}$/.test(text) ? { id: text, problem: null } : { id: null, problem: text };
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
