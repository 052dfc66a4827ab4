import type { PublishError } from "./publish_errors.js";

/** The place that an update got in the history: `<epoch>-<sequence>`. */
export interface Published {
  readonly id: string;
}

export interface QueueLimits {
  readonly waitingMax: number;
  readonly waitingBytesMax: number;
  /** Calls that were sent and not answered. */
  readonly batchesInFlightMax: number;
}

// As the native publisher's (native/broker/include/regstream/broker/publish_limits.hpp).
/** Of what waits when a call is sent. */
export const batchUpdatesMax = 128;
export const batchBytesMax = 64 * 1024;
/** So many of a publisher's last batches Redis knows again. */
export const knownBatchesMax = 5;

/** An update on its way. */
export interface Publish {
  readonly message: string;
  /** The application's idempotency key; null where it gave none. */
  readonly key: string | null;
  readonly bytes: number;
  readonly resolve: (published: Published) => void;
  readonly reject: (error: PublishError) => void;
}

/** Updates that are one call, numbered as scripts/history wants it. */
export interface Batch {
  /** The number of the first one. */
  readonly first: number;
  readonly publishes: readonly Publish[];
  /** When it was sent for the first time. */
  readonly firstSent: number;
  /** It may be in the history: it was sent, and an answer was lost. */
  isUncertain: boolean;
}

/** A batch that was sent. */
export interface Sending {
  readonly batch: Readonly<Batch>;
  /** None that was sent before it is unanswered. */
  readonly isFirstInLine: boolean;
}

interface Sent extends Sending {
  readonly batch: Batch;
  /** Held: it waits until all others are answered. */
  state: "in flight" | "held" | "over";
}

function end({ first, publishes }: Batch): number {
  return first + publishes.length;
}

/**
 * Updates that wait for Redis, and those that wait for its answer, in order. Sans-I/O. What the native publisher's
 * queue does (native/broker/history/publish_queue.hpp), it does as well.
 *
 * They are sent in batches: a batch is what waits when one may be sent. When Redis refuses one, those in flight behind
 * it are refused, too: they are held back, and wait again, in their places, once all in flight are answered.
 *
 * A batch that may have reached Redis without an answer stays what it is, number and updates, so that Redis knows it.
 * Of any other the updates wait as if they had not been sent, and its numbers are not used again: whatever a client
 * still sends late, Redis does not take it.
 */
export class PublishQueue {
  readonly #limits: QueueLimits;
  /** None of them has a number. */
  readonly #waiting: Publish[] = [];
  /** Batches that may be in the history, and wait: before all of `#waiting`. */
  readonly #again: Batch[] = [];
  /**
   * What was sent, in order, until it waits again, or is over with all before it: Redis knows so many last batches, so
   * none of them may have more behind it.
   */
  readonly #line: Sent[] = [];
  #count = 0;
  #bytes = 0;
  #nextNumber = 1;

  constructor(limits: QueueLimits) {
    this.#limits = limits;
  }

  /** In updates; those in flight included. */
  get count(): number {
    return this.#count;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** True where there is something to send, now or later. */
  get hasWaiting(): boolean {
    return this.#waiting.length > 0 || this.#again.length > 0 || this.#isAnyHeld;
  }

  get isInFlight(): boolean {
    return this.#line.some(({ state }) => state === "in flight");
  }

  /** When the oldest that may be in the history was sent first; null where there is none. */
  get oldestSent(): number | null {
    return (this.#line[0]?.batch ?? this.#again[0])?.firstSent ?? null;
  }

  /** False: too many wait already. */
  push(publish: Publish): boolean {
    const { waitingMax, waitingBytesMax } = this.#limits;
    if (this.#count >= waitingMax || this.#bytes + publish.bytes > waitingBytesMax) {
      return false;
    }
    this.#count += 1;
    this.#bytes += publish.bytes;
    this.#waiting.push(publish);
    return true;
  }

  /**
   * The next batch to send, which is in flight from now on. Null: nothing waits, the line is busy, or answers are due
   * before what was held back can be sent again.
   */
  startSending(now: number): Sending | null {
    const { batchesInFlightMax } = this.#limits;
    if (this.#line.length >= batchesInFlightMax || this.#isAnyHeld) {
      return null;
    }
    // Behind one in flight Redis takes only the number that follows on it.
    const last = this.#line.at(-1);
    if (last !== undefined && end(last.batch) !== (this.#again[0]?.first ?? this.#nextNumber)) {
      return null;
    }
    const batch = this.#again.shift() ?? this.#fill(now);
    if (batch === null) {
      return null;
    }
    const sent: Sent = { batch, isFirstInLine: last === undefined, state: "in flight" };
    this.#line.push(sent);
    return sent;
  }

  /** Whether an answer to it is still of interest. */
  isAwaited(sending: Sending): boolean {
    return this.#find(sending) !== undefined;
  }

  /** Redis has answered, for good. */
  end(sending: Sending): void {
    const sent = this.#find(sending);
    if (sent !== undefined) {
      sent.state = "over";
      this.#leave(sent.batch.publishes);
      this.#settle();
    }
  }

  /** Redis did not take it, and would take it later. */
  holdBack(sending: Sending): void {
    const sent = this.#find(sending);
    if (sent !== undefined) {
      sent.state = "held";
      this.#settle();
    }
  }

  /** Its answer was lost. */
  lose(sending: Sending): void {
    const sent = this.#find(sending);
    if (sent !== undefined) {
      sent.batch.isUncertain = true;
      this.holdBack(sent);
    }
  }

  /** The answers to all in flight were lost. */
  loseAll(): void {
    for (const sent of [...this.#line]) {
      this.lose(sent);
    }
  }

  /** Those that may be in the history, and were sent first at a time or before. They leave. While none is in flight. */
  expire(sentBy: number): readonly Publish[] {
    const fresh = this.#again.findIndex(({ firstSent }) => firstSent > sentBy);
    const expired = this.#again.splice(0, fresh < 0 ? this.#again.length : fresh);
    return this.#leave(expired.flatMap(({ publishes }) => publishes));
  }

  /** All leave: those that may be in the history, and those that are not. */
  clear(): { readonly sent: readonly Publish[]; readonly unsent: readonly Publish[] } {
    this.loseAll();
    const sent = this.#again.splice(0).flatMap(({ publishes }) => publishes);
    return { sent: this.#leave(sent), unsent: this.#leave(this.#waiting.splice(0)) };
  }

  get #isAnyHeld(): boolean {
    return this.#line.some(({ state }) => state === "held");
  }

  /** Undefined: it is not in flight any more. */
  #find(sending: Sending): Sent | undefined {
    return this.#line.find((sent) => sent === sending && sent.state === "in flight");
  }

  /** A batch of what waits, as far as it may be. The first one may be larger than a batch: it goes alone. */
  #fill(now: number): Batch | null {
    let bytes = 0;
    let count = 0;
    for (const publish of this.#waiting) {
      bytes += publish.bytes;
      if (count > 0 && (count >= batchUpdatesMax || bytes > batchBytesMax)) {
        break;
      }
      ++count;
    }
    if (count === 0) {
      return null;
    }
    const publishes = this.#waiting.splice(0, count);
    const batch = { first: this.#nextNumber, publishes, firstSent: now, isUncertain: false };
    this.#nextNumber = end(batch);
    return batch;
  }

  /** What was held back waits again, once none is in flight. */
  #settle(): void {
    while (this.#line[0]?.state === "over") {
      this.#line.shift();
    }
    if (this.isInFlight) {
      return;
    }
    const again: Batch[] = [];
    const waiting: Publish[] = [];
    for (const { batch, state } of this.#line.splice(0)) {
      // Redis takes nothing behind one that it has not taken.
      if (batch.isUncertain && waiting.length === 0 && state === "held") {
        again.push(batch);
      } else if (state === "held") {
        waiting.push(...batch.publishes);
      }
    }
    this.#again.unshift(...again);
    this.#waiting.unshift(...waiting);
  }

  #leave(publishes: readonly Publish[]): readonly Publish[] {
    this.#count -= publishes.length;
    for (const { bytes } of publishes) {
      this.#bytes -= bytes;
    }
    return publishes;
  }
}
