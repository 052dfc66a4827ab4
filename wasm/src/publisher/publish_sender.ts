import type { Clock } from "../shared/clock.js";
import { greaterId, type HistoryOptions, publishCall, readAnswers } from "./history_call.js";
import type { PublishError } from "./publish_errors.js";
import { type LineAction, PublishLine, type PublishResult } from "./publish_line.js";
import type { Publish, Published, QueueLimits, Sending } from "./publish_queue.js";
import { findPassingError, isOutOfOrder, readFailure } from "./redis_failure.js";
import type { ScriptRunner } from "./script_runner.js";
import { utf8Bytes } from "./update_message.js";

export interface SenderOptions {
  readonly history: HistoryOptions;
  readonly limits: QueueLimits;
  /** A name that no other publisher has. */
  readonly name: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly onTrouble: (trouble: PublishError) => void;
  readonly onRecovery: () => void;
}

/**
 * Carries out what the line decides, through a client. Holds the client, one timer and the promises; decides nothing.
 */
export class PublishSender {
  readonly #runner: ScriptRunner;
  readonly #options: SenderOptions;
  readonly #line: PublishLine;
  /** The greatest event id that this process has seen. */
  #greatestId = "0-0";
  #isAdvanceDue = false;
  #cancelTimer: (() => void) | null = null;
  #timerAt: number | null = null;
  /** Null while nothing waits. */
  #stopListening: (() => void) | null = null;

  constructor(runner: ScriptRunner, options: SenderOptions) {
    this.#runner = runner;
    this.#options = options;
    this.#line = new PublishLine(options.limits, options.history.keyLifetimeMs, options.random);
  }

  get waiting(): number {
    return this.#line.count;
  }

  push(message: string, key: string | null): Promise<Published> {
    const published = new Promise<Published>((resolve, reject) => {
      this.#line.push({ message, key, bytes: utf8Bytes(message), resolve, reject }, this.#options.clock.now());
    });
    // A caller who ignores the promise learns of trouble by `onTrouble`. An unhandled rejection would end the process
    // while Redis is away.
    published.catch(() => undefined);
    // Updates of one turn of the event loop go out in one call.
    if (!this.#isAdvanceDue) {
      this.#isAdvanceDue = true;
      queueMicrotask(() => this.#advance());
    }
    return published;
  }

  close(): void {
    this.#line.close();
    this.#advance();
    this.#runner.close();
  }

  /** Carries out the line's actions until there are no more. */
  #advance(): void {
    this.#isAdvanceDue = false;
    const { clock } = this.#options;
    for (;;) {
      for (let action = this.#line.poll(); action !== undefined; action = this.#line.poll()) {
        this.#do(action);
      }
      const sending = this.#line.next(clock.now(), () => this.#runner.isReady());
      if (sending !== null) {
        void this.#send(sending);
      } else if (!this.#line.hasActions) {
        break;
      }
    }
    this.#listen();
    this.#setTimer();
  }

  #do(action: LineAction): void {
    switch (action.kind) {
      case "settle":
        settle(action.publishes, action.results);
        break;
      case "report trouble":
        callListener(() => this.#options.onTrouble(action.trouble));
        break;
      case "report recovery":
        callListener(this.#options.onRecovery);
        break;
      case "reconnect":
        if (this.#runner.reconnect()) {
          this.#line.onReconnecting(this.#options.clock.now());
        }
        break;
      case "find primary":
        if (!this.#runner.isReady()) {
          this.#runner.findPrimary();
        }
        break;
    }
  }

  async #send(sending: Sending): Promise<void> {
    const { history, name, clock } = this.#options;
    const caller = { publisher: name, greatestId: this.#greatestId, serversMove: this.#runner.serversMove };
    const { keys, args } = publishCall(history, caller, sending);
    try {
      const answer = await this.#runner.run(keys, args, () => this.#line.isAwaited(sending));
      this.#onAnswer(sending, readAnswers(answer, sending.batch.publishes.length, history.channel));
    } catch (error) {
      const failure = readFailure(error, history.channel);
      if (isOutOfOrder(error)) {
        this.#line.onOutOfOrder(sending);
      } else if (failure.kind === "refused") {
        this.#line.onRefused(sending, failure, clock.now());
      } else {
        this.#line.onFailed(sending, failure, findPassingError(error), clock.now());
      }
    }
    this.#advance();
  }

  #onAnswer(sending: Sending, results: readonly PublishResult[]): void {
    for (const result of results) {
      this.#greatestId = typeof result === "string" ? greaterId(result, this.#greatestId) : this.#greatestId;
    }
    this.#line.onResults(sending, results, this.#options.clock.now());
  }

  /** Listens for the client's reconnects while anything waits. */
  #listen(): void {
    if (this.#line.count === 0) {
      this.#stopListening?.();
      this.#stopListening = null;
      return;
    }
    this.#stopListening ??= this.#runner.onReady(() => {
      this.#stopListening = null;
      this.#line.onReady(this.#options.clock.now());
      this.#advance();
    });
  }

  #setTimer(): void {
    const { clock } = this.#options;
    const deadline = this.#line.nextDeadline();
    if (deadline === this.#timerAt) {
      return;
    }
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    this.#timerAt = deadline;
    if (deadline !== null) {
      this.#cancelTimer = clock.setTimer(
        () => {
          this.#timerAt = null;
          this.#cancelTimer = null;
          this.#line.onDeadline(clock.now());
          this.#advance();
        },
        Math.max(0, deadline - clock.now()),
      );
    }
  }
}

/** `results` has one result for each of `publishes`. */
function settle(publishes: readonly Publish[], results: readonly PublishResult[]): void {
  for (const [index, publish] of publishes.entries()) {
    const result = results[index];
    if (typeof result === "string") {
      publish.resolve({ id: result });
    } else if (result !== undefined) {
      publish.reject(result);
    }
  }
}

function callListener(listener: () => void): void {
  try {
    listener();
  } catch (error) {
    // A listener that throws must neither stop the publisher nor go unnoticed.
    queueMicrotask(() => {
      throw error;
    });
  }
}
