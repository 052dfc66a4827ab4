import type { PublishError } from "./publish_errors.js";

/** The place of a published update in the history: `<epoch>-<sequence>`. */
export interface Published {
  readonly id: string;
}

export interface QueueLimits {
  readonly waitingMax: number;
  readonly waitingBytesMax: number;
  /** Calls that were sent and have no answer yet. */
  readonly batchesInFlightMax: number;
}

// The same as the native publisher's (native/broker/include/regstream/broker/publish_limits.hpp).
/** The most that one call sends. */
export const batchUpdatesMax = 128;
export const batchBytesMax = 64 * 1024;
/** How many of a publisher's last batches Redis recognises. */
export const knownBatchesMax = 5;

/** An update that is being published. */
export interface Publish {
  readonly message: string;
  /** The application's idempotency key; null without one. */
  readonly key: string | null;
  readonly bytes: number;
  readonly resolve: (published: Published) => void;
  readonly reject: (error: PublishError) => void;
}

/** Updates sent in one call, numbered as scripts/history expects. */
export interface Batch {
  /** The first update's number. */
  readonly first: number;
  readonly publishes: readonly Publish[];
  /** When the batch was first sent. */
  readonly firstSent: number;
  /** The batch may be in the history: it was sent, and its answer was lost. */
  isUncertain: boolean;
}

/** A batch that was sent. */
export interface Sending {
  readonly batch: Readonly<Batch>;
  /** All batches sent before it have been answered. */
  readonly isFirstInLine: boolean;
}

interface Sent extends Sending {
  readonly batch: Batch;
  /** `held`: waits until all others have been answered. */
  state: "in flight" | "held" | "over";
}

function end({ first, publishes }: Batch): number {
  return first + publishes.length;
}

/**
 * Updates that wait to be sent, and those in flight, in order. Sans-I/O. Does the same as the native publisher's queue
 * (native/broker/history/publish_queue.hpp).
 *
 * Updates are sent in batches: a batch is what waits when one may be sent. When Redis refuses one, it refuses those in
 * flight behind it, too. They are held back and wait again, in their places, once every batch in flight has been
 * answered.
 *
 * A batch that may have reached Redis without an answer keeps its number and updates, so that Redis recognises it. The
 * updates of any other batch wait as if they had not been sent, and its numbers are not used again: if a client still
 * sends it late, Redis does not take it.
 */
export class PublishQueue {
  readonly #limits: QueueLimits;
  /** These have no number yet. */
  readonly #waiting: Publish[] = [];
  /** Batches that may be in the history and wait to be sent again: before all of `#waiting`. */
  readonly #again: Batch[] = [];
  /**
   * Batches that were sent, in order. A batch leaves when it waits again, or when it and all before it are over. Redis
   * recognises only so many last batches, so no batch may have more behind it.
   */
  readonly #line: Sent[] = [];
  #count = 0;
  #bytes = 0;
  #nextNumber = 1;

  constructor(limits: QueueLimits) {
    this.#limits = limits;
  }

  /** How many updates there are, those in flight included. */
  get count(): number {
    return this.#count;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** True if there is something to send, now or later. */
  get hasWaiting(): boolean {
    return this.#waiting.length > 0 || this.#again.length > 0 || this.#isAnyHeld;
  }

  get isInFlight(): boolean {
    return this.#line.some(({ state }) => state === "in flight");
  }

  /** When the oldest batch that may be in the history was first sent; null without one. */
  get oldestSent(): number | null {
    return (this.#line[0]?.batch ?? this.#again[0])?.firstSent ?? null;
  }

  /** False: too many updates wait already. */
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
   * Returns the next batch to send, which is in flight from now on. Null: nothing waits, the line is busy, or answers
   * are due before held batches can be sent again.
   */
  startSending(now: number): Sending | null {
    const { batchesInFlightMax } = this.#limits;
    if (this.#line.length >= batchesInFlightMax || this.#isAnyHeld) {
      return null;
    }
    // Behind a batch in flight Redis takes only the next number.
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

  /** Whether an answer to it still matters. */
  isAwaited(sending: Sending): boolean {
    return this.#find(sending) !== undefined;
  }

  /** Redis has answered; the batch is done. */
  end(sending: Sending): void {
    const sent = this.#find(sending);
    if (sent !== undefined) {
      sent.state = "over";
      this.#leave(sent.batch.publishes);
      this.#settle();
    }
  }

  /** Redis did not take the batch, but may take it later. */
  holdBack(sending: Sending): void {
    const sent = this.#find(sending);
    if (sent !== undefined) {
      sent.state = "held";
      this.#settle();
    }
  }

  /** The batch's answer was lost. */
  lose(sending: Sending): void {
    const sent = this.#find(sending);
    if (sent !== undefined) {
      sent.batch.isUncertain = true;
      this.holdBack(sent);
    }
  }

  /** The answers to all batches in flight were lost. */
  loseAll(): void {
    for (const sent of [...this.#line]) {
      this.lose(sent);
    }
  }

  /**
   * Removes and returns the updates that may be in the history and were first sent at `sentBy` or before. Call it only
   * while nothing is in flight.
   */
  expire(sentBy: number): readonly Publish[] {
    const fresh = this.#again.findIndex(({ firstSent }) => firstSent > sentBy);
    const expired = this.#again.splice(0, fresh < 0 ? this.#again.length : fresh);
    return this.#leave(expired.flatMap(({ publishes }) => publishes));
  }

  /** Removes and returns all updates: those that may be in the history, and those that are not. */
  clear(): { readonly sent: readonly Publish[]; readonly unsent: readonly Publish[] } {
    this.loseAll();
    const sent = this.#again.splice(0).flatMap(({ publishes }) => publishes);
    return { sent: this.#leave(sent), unsent: this.#leave(this.#waiting.splice(0)) };
  }

  get #isAnyHeld(): boolean {
    return this.#line.some(({ state }) => state === "held");
  }

  /** Undefined: it is no longer in flight. */
  #find(sending: Sending): Sent | undefined {
    return this.#line.find((sent) => sent === sending && sent.state === "in flight");
  }

  /** Makes a batch of the updates that wait, within the limits. A single larger update goes alone. */
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

  /** Lets held batches wait again, once nothing is in flight. */
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
      // Redis takes nothing behind a batch that it has not taken.
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
