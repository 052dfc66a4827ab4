import type { PassingError } from "../generated/passing_errors.js";
import { PublishError } from "./publish_errors.js";
import { type Publish, PublishQueue, type QueueLimits, type Sending } from "./publish_queue.js";

/** The result of an update: its id, or why it is not in the history. */
export type PublishResult = string | PublishError;

/** What the shell has to do. */
export type LineAction =
  | { readonly kind: "settle"; readonly publishes: readonly Publish[]; readonly results: readonly PublishResult[] }
  | { readonly kind: "report trouble"; readonly trouble: PublishError }
  | { readonly kind: "report recovery" }
  /** Reconnect the client: another server may have the server's name by now. */
  | { readonly kind: "reconnect" }
  /** Let the client find out where the history is, if it is not connected to that server. */
  | { readonly kind: "find primary" };

/** A client that reconnects normally takes less, so shorter silences are not reported. */
const silenceMs = 2_000;
/** Subtracted from the time that Redis keeps a publisher's place: the last sending takes up to this long. */
const sendingMs = 5_000;
const retryMs = 250;
const retryMsMax = 5_000;

/**
 * Sends updates to a Redis that may be away or refuse them for a while. Sans-I/O. Adds time to the queue, which keeps
 * the order: when to try again, when to report trouble, when to give up.
 *
 * Inputs are methods, called in the order of events. After each, carry out what `poll` returns and send what `next`
 * returns until both return nothing. Call `onDeadline` at `nextDeadline`.
 */
export class PublishLine {
  readonly #queue: PublishQueue;
  readonly #resendMs: number;
  readonly #random: () => number;
  readonly #actions: LineAction[] = [];
  /** When the pause before the next try ends. Null: no pause. */
  #pausedUntil: number | null = null;
  /**
   * Whether the pause ends with a reconnect, since a replica refused. A connection meanwhile does not end such a pause.
   */
  #reconnectsThen = false;
  #failures = 0;
  /** When to report silence if nothing happens; null while nothing waits. */
  #silentAt: number | null = null;
  /** The kinds of trouble reported since Redis last took an update. */
  readonly #reported = new Set<string>();
  #isClosed = false;

  /** `keptMs`: how long Redis recognises a batch that is sent again. `random`: returns 0 to 1, to spread retries. */
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
        `the update was dropped: ${others} wait for redis already. Bring redis back`,
      );
      this.#report(full);
      this.#reject([publish], full);
    }
  }

  /** The batch to send now. `isReady` returns whether the client is connected. */
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

  /** The client is connected again. It may have dropped earlier calls without an error. */
  onReady(now: number): void {
    if (this.#queue.isInFlight) {
      this.#queue.loseAll();
      this.#expire(now);
    }
    if (!this.#reconnectsThen) {
      this.#pausedUntil = null;
    }
  }

  /** The client reconnects, as the action asked. */
  onReconnecting(now: number): void {
    this.#pause(now);
  }

  /** Redis has processed a batch: `results` has one result for each update. */
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

  /** Redis refused the batch and would refuse it again. */
  onRefused(sending: Sending, refusal: PublishError, now: number): void {
    if (!this.#queue.isAwaited(sending)) {
      return;
    }
    this.#queue.end(sending);
    this.#onProgress(now);
    const lost = "the update was sent before and its acknowledgement was lost, so subscribers may have received it: ";
    const error = sending.batch.isUncertain ? new PublishError("unknown_outcome", lost + refusal.message) : refusal;
    this.#report(error);
    this.#reject(sending.batch.publishes, error);
  }

  /** The batch before this one is not in the history. */
  onOutOfOrder(sending: Sending): void {
    this.#queue.holdBack(sending);
  }

  /**
   * The batch failed, and another try may succeed. `passing`: Redis refused it for now. Null: Redis may have taken it,
   * and the answer was lost.
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

  /** When to call `onDeadline`, unless another input comes first; null: not at all. */
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
    // A client may never answer a call.
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
      "the publisher was closed before redis acknowledged the update: subscribers may have received it",
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

  /** Pauses before the next try: longer each time. */
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
      const silent = `redis has accepted no update for ${silenceMs} ms: is it running, and is the client connected?`;
      this.#report(new PublishError("unreachable", `${silent} Updates wait until it does`));
    }
  }

  /** Gives up the batches that may be in the history and are too old to be sent again. */
  #expire(now: number): void {
    const expired = this.#queue.expire(now - this.#resendMs);
    if (expired.length > 0) {
      const unknown = new PublishError(
        "unknown_outcome",
        "the update was sent to redis, its acknowledgement was lost, and redis did not come back in time: " +
          "subscribers may have received it",
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

  /** Reports each kind once, until Redis takes updates again. */
  #report(trouble: PublishError): void {
    if (!this.#reported.has(trouble.kind)) {
      this.#reported.add(trouble.kind);
      this.#actions.push({ kind: "report trouble", trouble });
    }
  }
}
