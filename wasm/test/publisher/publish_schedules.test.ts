import { describe, expect, it } from "vitest";

import { publishCall, readAnswers } from "../../src/publisher/history_call.js";
import { PublishLine } from "../../src/publisher/publish_line.js";
import { PublishError } from "../../src/publisher/publish_errors.js";
import type { Sending } from "../../src/publisher/publish_queue.js";
import { findPassingError, isOutOfOrder, readFailure } from "../../src/publisher/redis_failure.js";
import { FakeScript } from "./fake_script.js";

const history = { channel: "c", length: 10, bytes: 10, keyLifetimeMs: 600_000 };
const caller = { publisher: "publisher", greatestId: "0-0", serversMove: false };

/** Mulberry32: the same numbers from the same seed, from 0 to 1. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

interface Call {
  readonly sending: Sending;
  readonly keys: readonly string[];
  readonly args: readonly string[];
}

/**
 * A line and a Redis, with a connection that may break at any time: calls and answers are in flight, and copies that a
 * client sends again by itself come late.
 */
class Schedule {
  readonly script = new FakeScript();
  readonly results = new Map<string, string>();
  readonly pushed: string[] = [];
  now = 0;
  readonly #random: () => number;
  readonly #line: PublishLine;
  readonly #calls: Call[] = [];
  readonly #answers: (() => void)[] = [];
  /** Copies that a client sends again by itself. */
  readonly #late: Call[] = [];

  constructor(seed: number) {
    this.#random = randomOf(seed);
    const limits = { waitingMax: 1_000, waitingBytesMax: 2 ** 30, batchesInFlightMax: 5 };
    this.#line = new PublishLine(limits, history.keyLifetimeMs, this.#random);
  }

  get isDone(): boolean {
    return this.#line.count === 0;
  }

  /** The possible next events; `isCalm`: only those that lead to an end. */
  step(isCalm: boolean): void {
    const events = [
      () => this.#arrive(),
      () => this.#arrive(),
      () => this.#answer(),
      () => this.#answer(),
      () => this.#wait(),
    ];
    const troubles = [
      () => this.#push(),
      () => this.#push(),
      () => this.#refuse(),
      () => this.#break(),
      () => this.#comeLate(),
      () => this.#fail(),
    ];
    const all = isCalm ? events : [...events, ...troubles];
    all[Math.floor(this.#random() * all.length)]?.();
    this.#advance();
  }

  #push(): void {
    for (let count = Math.ceil(this.#random() * 3); count > 0; --count) {
      const message = `update ${this.pushed.length}`;
      this.pushed.push(message);
      const key = this.#random() < 0.2 ? `key ${this.pushed.length}` : null;
      this.#line.push(
        { message, key, bytes: 30_000 * this.#random(), resolve: () => undefined, reject: () => undefined },
        this.now,
      );
    }
  }

  #advance(): void {
    for (;;) {
      for (let action = this.#line.poll(); action !== undefined; action = this.#line.poll()) {
        if (action.kind === "settle") {
          for (const [index, { message }] of action.publishes.entries()) {
            expect(this.results.has(message)).toBe(false);
            this.results.set(message, String(action.results[index]));
          }
        }
      }
      const sending = this.#line.next(this.now, () => true);
      if (sending === null) {
        return;
      }
      this.#calls.push({ sending, ...publishCall(history, caller, sending) });
    }
  }

  /** The oldest call reaches Redis. */
  #arrive(): void {
    const call = this.#calls.shift();
    if (call === undefined) {
      return;
    }
    try {
      const reply = this.script.publish(call.keys, call.args);
      const results = readAnswers(reply, call.sending.batch.publishes.length, history.channel);
      this.#answers.push(() => this.#line.onResults(call.sending, results, this.now));
    } catch (error) {
      this.#answers.push(() => this.#onError(call.sending, error));
    }
  }

  #onError(sending: Sending, error: unknown): void {
    const failure = readFailure(error, history.channel);
    if (isOutOfOrder(error)) {
      this.#line.onOutOfOrder(sending);
    } else if (failure.kind === "refused") {
      this.#line.onRefused(sending, failure, this.now);
    } else {
      this.#line.onFailed(sending, failure, findPassingError(error), this.now);
    }
  }

  /** Sometimes out of order, as a cluster's clients may receive them. */
  #answer(): void {
    const index = this.#random() < 0.9 ? 0 : Math.floor(this.#random() * this.#answers.length);
    this.#answers.splice(index, 1)[0]?.();
  }

  /** Redis does not take the oldest call, for now. */
  #refuse(): void {
    const call = this.#calls.shift();
    if (call !== undefined) {
      this.#answers.push(() => this.#onError(call.sending, new Error("OOM command not allowed")));
    }
  }

  /** The client gets no answer to one call. */
  #fail(): void {
    const call = this.#calls.shift();
    if (call !== undefined) {
      this.#late.push(call);
      this.#line.onFailed(call.sending, new PublishError("unreachable", "x"), null, this.now);
    }
  }

  /** Some calls still reach Redis, and no answer comes back. */
  #break(): void {
    const reaching = Math.floor(this.#random() * (this.#calls.length + 1));
    for (const { keys, args } of this.#calls.slice(0, reaching)) {
      try {
        this.script.publish(keys, args);
      } catch {
        // Nobody hears it.
      }
    }
    this.#late.push(...this.#calls.splice(0));
    this.#answers.splice(0);
    this.#line.onReady(this.now);
  }

  #comeLate(): void {
    const [call] = this.#late.splice(Math.floor(this.#random() * this.#late.length), 1);
    try {
      this.script.publish(call?.keys ?? [], call?.args ?? []);
    } catch {
      // Nobody hears it.
    }
  }

  #wait(): void {
    this.now += this.#random() * 1_000;
    this.#line.onDeadline(this.now);
  }
}

describe("random schedules of trouble leave each update in the history once, in order, and report its id", () => {
  const seeds = 100;
  it.each([0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map((hundred) => hundred * seeds))("from seed %i", (firstSeed) => {
    for (let seed = firstSeed; seed < firstSeed + seeds; ++seed) {
      const schedule = new Schedule(seed);
      for (let steps = 0; steps < 150; ++steps) {
        schedule.step(false);
      }
      for (let steps = 0; steps < 10_000 && !schedule.isDone; ++steps) {
        schedule.step(true);
      }
      const { pushed, script, results } = schedule;
      expect([seed, script.history]).toEqual([seed, pushed]);
      const ids = pushed.map((_, index) => `1702493000000-${index + 1}`);
      expect([seed, pushed.map((message) => results.get(message))]).toEqual([seed, ids]);
    }
  });
});
