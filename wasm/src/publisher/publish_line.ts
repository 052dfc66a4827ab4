import type { PassingError } from "../generated/passing_errors.js";
import { PublishError } from "./publish_errors.js";
import { type Publish, PublishQueue, type QueueLimits, type Sending } from "./publish_queue.js";

/** What came of an update: its id, or why it is not in the history. */
export type PublishResult = string | PublishError;

/** What the shell is to do. */
export type LineAction =
  | { readonly kind: "settle"; readonly publishes: readonly Publish[]; readonly results: readonly PublishResult[] }
  | { readonly kind: "report trouble"; readonly trouble: PublishError }
  | { readonly kind: "report recovery" }
  /** The client is to connect anew: behind the server's name there may be another server by now. */
  | { readonly kind: "reconnect" }
  /** The client is to find out where the history is, if it is not connected to there. */
  | { readonly kind: "find primary" };

/** A client that reconnects well takes less, and nobody has to hear of it. */
const silenceMs = 2_000;
/** Of the time for which Redis keeps a publisher's place, the rest is for what the last sending takes. */
const sendingMs = 5_000;
const retryMs = 250;
const retryMsMax = 5_000;

/**
 * Updates on their way to a Redis that may go away, and may refuse them for a while. Sans-I/O. Joins the queue, which
 * keeps their order, with the times: when to try again, when to speak of trouble, when to give up.
 *
 * Inputs are methods, in the order of what happens. After each, do what `poll` gives, and send what `next` gives, until
 * there is nothing; and call `onDeadline` when `nextDeadline` has come.
 */
export class PublishLine {
  readonly #queue: PublishQueue;
  readonly #resendMs: number;
  readonly #random: () => number;
  readonly #actions: LineAction[] = [];
  /** The next try is not before. Null: there is no pause. */
  #pausedUntil: number | null = null;
  /** What the pause ends with, where a replica refused. Connecting meanwhile does not end it. */
  #reconnectsThen = false;
  #failures = 0;
  /** When to look whether anything goes on; null while nothing waits. */
  #silentAt: number | null = null;
  /** The kinds of trouble that were told since Redis last took an update. */
  readonly #reported = new Set<string>();
  #isClosed = false;

  /** `keptMs`: how long Redis keeps by what it knows a batch again. `random`: from 0 to 1, to spread retries. */
  constructor(limits: QueueLimits, keptMs: number, random: () => number) {
    this.#queue = new PublishQueue(limits);
    this.#resendMs = keptMs - Math.min(sendingMs, keptMs / 2);
    this.#random = random;
  }

  get count(): number {
    return this.#queue.count;
  }

  push(publish: Publish, now: number): void {
    if (this.#isClosed) {
      this.#reject([publish], new PublishError("closed", "the publisher is closed"));
    } else if (this.#queue.push(publish)) {
      this.#silentAt ??= now + silenceMs;
    } else {
      const others = `${this.#queue.count} others (${this.#queue.bytes} bytes)`;
      const full = new PublishError(
        "full",
        `the update was dropped, since ${others} wait for redis already: bring redis back`,
      );
      this.#report(full);
      this.#reject([publish], full);
    }
  }

  /** The next batch to send, now. `isReady` says whether the client is connected. */
  next(now: number, isReady: () => boolean): Sending | null {
    if (this.#pausedUntil !== null) {
      return null;
    }
    this.#expire(now);
    if (!this.#queue.hasWaiting) {
      return null;
    }
    if (!isReady()) {
      this.#actions.push({ kind: "find primary" });
      this.#pause(now);
      return null;
    }
    return this.#queue.startSending(now);
  }

  isAwaited(sending: Sending): boolean {
    return this.#queue.isAwaited(sending);
  }

  /** The client is connected again. What it was asked before it may have forgotten, without a word. */
  onReady(now: number): void {
    if (this.#queue.isInFlight) {
      this.#queue.loseAll();
      this.#expire(now);
    }
    if (!this.#reconnectsThen) {
      this.#pausedUntil = null;
    }
  }

  /** The client connects anew, as it was told. */
  onReconnecting(now: number): void {
    this.#pause(now);
  }

  /** Redis has taken a batch: a result for each update. */
  onResults(sending: Sending, results: readonly PublishResult[], now: number): void {
    if (!this.#queue.isAwaited(sending)) {
      return;
    }
    this.#queue.end(sending);
    this.#onProgress(now);
    this.#onRecovered();
    for (const result of results) {
      if (typeof result !== "string") {
        this.#report(result);
      }
    }
    this.#actions.push({ kind: "settle", publishes: sending.batch.publishes, results });
  }

  /** Redis would refuse the batch again. */
  onRefused(sending: Sending, refusal: PublishError, now: number): void {
    if (!this.#queue.isAwaited(sending)) {
      return;
    }
    this.#queue.end(sending);
    this.#onProgress(now);
    const lost =
      "the update was sent before, its acknowledgement was lost, and whether subscribers heard it is not known: ";
    const error = sending.batch.isUncertain ? new PublishError("unknown_outcome", lost + refusal.message) : refusal;
    this.#report(error);
    this.#reject(sending.batch.publishes, error);
  }

  /** The one before it is not in the history. */
  onOutOfOrder(sending: Sending): void {
    this.#queue.holdBack(sending);
  }

  /**
   * Redis did not take the batch (`passing`), or it may have taken it, and nobody has to know (null). It is worth
   * another try.
   */
  onFailed(sending: Sending, trouble: PublishError, passing: PassingError | null, now: number): void {
    if (!this.#queue.isAwaited(sending)) {
      return;
    }
    if (passing === null) {
      this.#queue.lose(sending);
    } else {
      this.#queue.holdBack(sending);
    }
    this.#report(trouble);
    if (this.#pausedUntil === null) {
      this.#pause(now);
    }
    this.#reconnectsThen ||= passing?.needsNewConnection === true;
  }

  /** When `onDeadline` is due, if nothing else happens; null: not at all. */
  nextDeadline(): number | null {
    const oldest = this.#queue.isInFlight ? this.#queue.oldestSent : null;
    const times = [this.#pausedUntil, this.#silentAt, oldest === null ? null : oldest + this.#resendMs];
    return times.reduce((first, time) => (first === null || (time !== null && time < first) ? time : first), null);
  }

  onDeadline(now: number): void {
    if (this.#pausedUntil !== null && this.#pausedUntil <= now) {
      this.#pausedUntil = null;
      if (this.#reconnectsThen) {
        this.#reconnectsThen = false;
        this.#actions.push({ kind: "reconnect" });
      }
    }
    // A client may keep a call for ever.
    const oldest = this.#queue.oldestSent;
    if (this.#queue.isInFlight && oldest !== null && oldest + this.#resendMs <= now) {
      this.#queue.loseAll();
      this.#expire(now);
    }
    if (this.#silentAt !== null && this.#silentAt <= now) {
      this.#onSilence(now);
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#pausedUntil = null;
    this.#silentAt = null;
    const { sent, unsent } = this.#queue.clear();
    const unknown = new PublishError(
      "unknown_outcome",
      "the publisher was closed before redis acknowledged the update: whether subscribers heard it is unknown",
    );
    this.#reject(sent, unknown);
    this.#reject(unsent, new PublishError("closed", "the publisher was closed before the update was sent"));
  }

  get hasActions(): boolean {
    return this.#actions.length > 0;
  }

  poll(): LineAction | undefined {
    return this.#actions.shift();
  }

  /** Waits before the next try: longer each time. */
  #pause(now: number): void {
    const delayMs = Math.min(retryMsMax, retryMs * 2 ** Math.min(this.#failures++, 10));
    this.#pausedUntil = now + this.#random() * delayMs;
  }

  #onProgress(now: number): void {
    this.#failures = 0;
    this.#silentAt = this.#queue.count > 0 ? now + silenceMs : null;
  }

  #onRecovered(): void {
    const hasWaited = this.#reported.has("unreachable") || this.#reported.has("unreplicated");
    this.#reported.clear();
    if (hasWaited) {
      this.#actions.push({ kind: "report recovery" });
    }
  }

  #onSilence(now: number): void {
    this.#silentAt = now + silenceMs;
    this.#actions.push({ kind: "find primary" });
    if (!this.#reported.has("unreplicated")) {
      const silent = `redis has taken no update for ${silenceMs} ms: is it running, and the client connected?`;
      this.#report(new PublishError("unreachable", `${silent} They wait until then`));
    }
  }

  /** Those leave that may be in the history, and are too old to be sent again. */
  #expire(now: number): void {
    const expired = this.#queue.expire(now - this.#resendMs);
    if (expired.length > 0) {
      const unknown = new PublishError(
        "unknown_outcome",
        "the update was sent to redis, but its acknowledgement was lost, and redis did not come back in time: " +
          "whether subscribers heard it is not known",
      );
      this.#report(unknown);
      this.#reject(expired, unknown);
    }
    if (this.#queue.count === 0) {
      this.#silentAt = null;
    }
  }

  #reject(publishes: readonly Publish[], error: PublishError): void {
    if (publishes.length > 0) {
      this.#actions.push({ kind: "settle", publishes, results: publishes.map(() => error) });
    }
  }

  /** One of a kind, until Redis takes updates again. */
  #report(trouble: PublishError): void {
    if (!this.#reported.has(trouble.kind)) {
      this.#reported.add(trouble.kind);
      this.#actions.push({ kind: "report trouble", trouble });
    }
  }
}
