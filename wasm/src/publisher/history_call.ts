/** Calls of the history script's mode `publish`, as the native broker makes them (native/broker/history_call.cpp). */

import { historyNames } from "./history_names.js";
import { PublishError } from "./publish_errors.js";
import type { PublishResult } from "./publish_line.js";
import type { Sending } from "./publish_queue.js";
import { readFailure } from "./redis_failure.js";

/**
 * A workflow's history in Redis, and how much of it is kept. Each publisher trims it, so give every process the same
 * options.
 */
export interface HistoryOptions {
  /** The channel of updates; the keys are named after it. */
  readonly channel: string;
  readonly length: number;
  readonly bytes: number;
  /** How long the script keeps a publisher's place and the application's keys. */
  readonly keyLifetimeMs: number;
}

export interface HistoryCall {
  readonly keys: string[];
  readonly args: string[];
}

/** The publisher, as the script needs it. */
export interface Caller {
  /** A name that no other publisher has. */
  readonly publisher: string;
  /** The greatest event id that this process has seen. */
  readonly greatestId: string;
  /** See `ScriptRunner.serversMove`. */
  readonly serversMove: boolean;
}

export function publishCall(history: HistoryOptions, caller: Caller, sending: Sending): HistoryCall {
  const names = historyNames(history.channel);
  const { first, publishes } = sending.batch;
  const keys = [names.history, names.server, names.publisher(caller.publisher)];
  const args = [
    "publish",
    caller.greatestId,
    String(history.length),
    String(history.bytes),
    history.channel,
    // Empty: this caller doesn't know how the server keeps its writes; the gateways find out.
    caller.serversMove ? "moves" : "",
    String(history.keyLifetimeMs),
    String(first),
    sending.isFirstInLine ? "1" : "0",
  ];
  for (const { key, message } of publishes) {
    if (key !== null) {
      keys.push(names.update(key));
    }
    args.push(key === null ? "0" : "1", message);
  }
  return { keys, args };
}

function readText(reply: unknown): string | null {
  // A client may be configured to return Buffers.
  const text = reply instanceof Uint8Array ? new TextDecoder().decode(reply) : reply;
  return typeof text === "string" ? text : null;
}

/** Reads the script's answer for one update: its id, or an error's text. */
function readAnswer(reply: unknown, channel: string): PublishResult {
  const text = readText(reply);
  if (text !== null && /^\d{1,20}-\d{1,20}$/.test(text)) {
    return text;
  }
  // The script has processed this update, so it is not tried again, whatever the error.
  return new PublishError("refused", readFailure(new Error(text ?? "ERR no event id"), channel).message);
}

/** Reads the script's answer to a batch of `count` updates. If it is malformed, each update gets an error. */
export function readAnswers(reply: unknown, count: number, channel: string): readonly PublishResult[] {
  const answers: readonly unknown[] = Array.isArray(reply) && reply.length === count ? reply : Array(count).fill(null);
  return answers.map((answer) => readAnswer(answer, channel));
}

function parts(id: string): [epoch: bigint, sequence: bigint] {
  const [epoch = "0", sequence = "0"] = id.split("-");
  return [BigInt(epoch), BigInt(sequence)];
}

/** The greater of two event ids, by their two numbers, which a double can't hold. */
export function greaterId(left: string, right: string): string {
  if (left.length === right.length && left.indexOf("-") === right.indexOf("-")) {
    return left > right ? left : right;
  }
  const [leftEpoch, leftSequence] = parts(left);
  const [rightEpoch, rightSequence] = parts(right);
  const isLeft = leftEpoch > rightEpoch || (leftEpoch === rightEpoch && leftSequence > rightSequence);
  return isLeft ? left : right;
}
