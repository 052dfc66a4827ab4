/** Calls of the script's mode `publish`, as the native broker makes them (native/broker/history_call.cpp). */

const channel = "service:registration-updates";

/** How much of the history Redis keeps. Whoever publishes trims it, so every process should be given the same. */
export interface HistoryLimits {
  readonly length: number;
  readonly bytes: number;
  readonly keyLifetimeMs: number;
}

export interface HistoryCall {
  readonly keys: string[];
  readonly args: string[];
}

/** `known` is the greatest id that this process has met. */
export function publishCall(limits: HistoryLimits, known: string, key: string, message: string): HistoryCall {
  return {
    keys: [`${channel}:history`, `${channel}:server`, `${channel}:key:${key}`],
    args: [
      "publish",
      known,
      String(limits.length),
      String(limits.bytes),
      channel,
      "", // How the server keeps its writes is the gateways' to find out.
      String(limits.keyLifetimeMs),
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
