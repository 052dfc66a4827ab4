import type { Clock } from "../shared/clock.js";
import type { PassingError } from "../generated/passing_errors.js";
import { greaterId, type HistoryOptions, publishCall, readAnswer, type UpdateCall } from "./history_call.js";
import { PublishError } from "./publish_errors.js";
import { findPassingError, readFailure } from "./redis_failure.js";
import type { ScriptRunner } from "./script_runner.js";
import { utf8Bytes } from "./update_message.js";

/** The place that an update got in the history: `<epoch>-<sequence>`. */
export interface Published {
  readonly id: string;
}

export interface QueueLimits {
  readonly waitingMax: number;
  readonly waitingBytesMax: number;
}

interface Waiting extends UpdateCall {
  readonly bytes: number;
  /** Null until it was given to the client, which may have sent it. */
  firstSent: number | null;
  /** It was given to the client, and nobody knows what came of that. */
  isUncertain: boolean;
  readonly resolve: (published: Published) => void;
  readonly reject: (error: PublishError) => void;
}

/** A client that reconnects well takes less, and nobody has to hear of it. */
const silenceMs = 2_000;
/** Of the time for which Redis keeps a key, the rest is for what the last sending takes. */
const sendingMs = 5_000;
const retryMs = 250;
const retryMsMax = 5_000;

/**
 * Updates on their way to Redis, in order. One is sent at a time: an update that fails is sent again before the next
 * one is, so no failure can change the order.
 *
 * What was sent and not acknowledged is sent again under its number, so it is in the history once; when Redis may have
 * forgotten the publisher's place, it is given up as `unknown_outcome`.
 */
export class PublishQueue {
  readonly #runner: ScriptRunner;
  /** No other process has it. */
  readonly #publisher: string;
  readonly #history: HistoryOptions;
  readonly #limits: QueueLimits;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #onTrouble: (trouble: PublishError) => void;
  readonly #onRecovery: () => void;

  /** The first is the one that is being sent, or tried again. */
  readonly #waiting: Waiting[] = [];
  #waitingBytes = 0;
  #sequence = 0;
  #known = "0-0";
  #isClosed = false;
  /** Counts sendings, so that the answer to one that was given up is not taken for the next one's. */
  #attempt = 0;
  /** Ends listening for a new connection while one is being sent; null while none is. */
  #stopListening: (() => void) | null = null;
  #failures = 0;
  /** The kinds of trouble that were told since Redis last took an update. */
  readonly #told = new Set<string>();
  /** Ends the pause before the next try; null while there is none. */
  #endPause: (() => void) | null = null;
  /** Goes off where Redis has taken nothing for long; null while nothing waits. */
  #cancelWatch: (() => void) | null = null;

  constructor(
    runner: ScriptRunner,
    publisher: string,
    history: HistoryOptions,
    limits: QueueLimits,
    clock: Clock,
    random: () => number,
    onTrouble: (trouble: PublishError) => void,
    onRecovery: () => void,
  ) {
    this.#runner = runner;
    this.#publisher = publisher;
    this.#history = history;
    this.#limits = limits;
    this.#clock = clock;
    this.#random = random;
    this.#onTrouble = onTrouble;
    this.#onRecovery = onRecovery;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  push(message: string, key: string | null): Promise<Published> {
    const published = new Promise<Published>((resolve, reject) => {
      const bytes = utf8Bytes(message);
      if (this.#isClosed) {
        reject(new PublishError("closed", "the publisher is closed"));
      } else if (
        this.#waiting.length >= this.#limits.waitingMax ||
        this.#waitingBytes + bytes > this.#limits.waitingBytesMax
      ) {
        const others = `${this.#waiting.length} others (${this.#waitingBytes} bytes)`;
        const full = new PublishError(
          "full",
          `the update was dropped, since ${others} wait for redis already: bring redis back`,
        );
        this.#tell(full);
        reject(full);
      } else {
        this.#waitingBytes += bytes;
        this.#waiting.push({
          publisher: this.#publisher,
          sequence: (this.#sequence += 1),
          key,
          message,
          bytes,
          firstSent: null,
          isUncertain: false,
          resolve,
          reject,
        });
        this.#advance();
      }
    });
    // Whoever does not wait for it hears of trouble by `onTrouble`: Redis being away must not end the process.
    published.catch(() => undefined);
    return published;
  }

  close(): void {
    this.#isClosed = true;
    this.#endPause?.();
    this.#stopWatch();
    this.#endSending();
    for (const { firstSent, reject } of this.#waiting.splice(0)) {
      reject(
        firstSent === null
          ? new PublishError("closed", "the publisher was closed before the update was sent")
          : new PublishError(
              "unknown_outcome",
              "the publisher was closed before redis acknowledged the update: whether subscribers heard it is unknown",
            ),
      );
    }
    this.#waitingBytes = 0;
  }

  #advance(): void {
    if (this.#stopListening !== null || this.#endPause !== null) {
      return;
    }
    let first = this.#waiting[0];
    while (first !== undefined && this.#resendMs(first) < 0) {
      this.#giveUp();
      first = this.#waiting[0];
    }
    if (first === undefined) {
      this.#stopWatch();
      return;
    }
    this.#cancelWatch ??= this.#clock.setTimer(() => this.#onSilence(), silenceMs);
    if (this.#runner.isReady()) {
      void this.#send(first);
    } else {
      this.#runner.findPrimary();
      this.#pause();
    }
  }

  /** For how long it may still be sent: until Redis may have forgotten it. */
  #resendMs({ firstSent }: Waiting): number {
    if (firstSent === null) {
      return Infinity;
    }
    const lifetimeMs = this.#history.keyLifetimeMs;
    return firstSent + lifetimeMs - Math.min(sendingMs, lifetimeMs / 2) - this.#clock.now();
  }

  async #send(first: Waiting): Promise<void> {
    const attempt = ++this.#attempt;
    this.#stopListening = this.#runner.onReady(() => {
      // The connection by which it was sent is gone, and some clients forget what they sent then, without a word. One
      // that sends it again by itself does no harm: the number is the same.
      first.isUncertain = true;
      this.#endSending();
      this.#advance();
    });
    first.firstSent ??= this.#clock.now();
    const { keys, args } = publishCall(this.#history, this.#known, first);
    let id: string | null = null;
    let failure: PublishError | null = null;
    let passing: PassingError | null = null;
    try {
      const answer = readAnswer(await this.#runner.run(keys, args, () => attempt === this.#attempt));
      ({ id } = answer);
      failure = answer.problem === null ? null : readFailure(new Error(answer.problem), this.#history.channel);
    } catch (error) {
      failure = readFailure(error, this.#history.channel);
      passing = findPassingError(error);
    }
    if (attempt !== this.#attempt) {
      return;
    }
    this.#endSending();
    if (failure?.kind === "unreachable") {
      this.#tell(failure);
      if (passing === null) {
        first.isUncertain = true;
      } else if (!first.isUncertain) {
        first.firstSent = null;
      }
      if (passing?.needsNewConnection === true) {
        this.#pauseAndReconnect();
      } else {
        this.#pause();
      }
      return;
    }
    this.#failures = 0;
    this.#stopWatch();
    this.#take();
    if (id !== null) {
      this.#recover();
      this.#known = greaterId(id, this.#known);
      first.resolve({ id });
    } else {
      const refused = failure ?? new PublishError("refused", "redis answered with something that is no event id");
      this.#tell(refused);
      first.reject(refused);
    }
    this.#advance();
  }

  #nextDelayMs(): number {
    return this.#random() * Math.min(retryMsMax, retryMs * 2 ** Math.min(this.#failures++, 10));
  }

  /** A replica refused: behind the same name there may be the primary by now. */
  #pauseAndReconnect(): void {
    const cancelTimer = this.#clock.setTimer(() => {
      this.#endPause = null;
      if (this.#runner.reconnect()) {
        this.#pause();
      } else {
        this.#advance();
      }
    }, this.#nextDelayMs());
    this.#endPause = () => {
      cancelTimer();
      this.#endPause = null;
    };
  }

  /** Waits before the next try: longer each time, or until the client is connected again. */
  #pause(): void {
    const delayMs = this.#nextDelayMs();
    const end = (): void => {
      cancelTimer();
      stopListening();
      this.#endPause = null;
    };
    const proceed = (): void => {
      end();
      this.#advance();
    };
    const cancelTimer = this.#clock.setTimer(proceed, delayMs);
    const stopListening = this.#runner.onReady(proceed);
    this.#endPause = end;
  }

  #onSilence(): void {
    this.#cancelWatch = null;
    const first = this.#waiting[0];
    if (first === undefined) {
      return;
    }
    const resendMs = this.#resendMs(first);
    if (this.#stopListening !== null && resendMs <= 0) {
      this.#endSending();
      this.#giveUp();
      this.#advance();
      return;
    }
    this.#tell(
      new PublishError(
        "unreachable",
        `redis has taken no update for ${silenceMs} ms: is it running, and the client connected? They wait until then`,
      ),
    );
    // A client may keep a call for ever; the pauses between tries end by themselves.
    if (this.#stopListening !== null) {
      if (!this.#runner.isReady()) {
        this.#runner.findPrimary();
      }
      this.#cancelWatch = this.#clock.setTimer(() => this.#onSilence(), resendMs);
    }
  }

  /** Whatever the client still answers to what it was given, nobody listens. */
  #endSending(): void {
    ++this.#attempt;
    this.#stopListening?.();
    this.#stopListening = null;
  }

  /** The first is too old to be sent again. */
  #giveUp(): void {
    const unknown = new PublishError(
      "unknown_outcome",
      "the update was sent to redis, but its acknowledgement was lost, and redis did not come back in time: whether " +
        "subscribers heard it is not known",
    );
    this.#tell(unknown);
    this.#take()?.reject(unknown);
  }

  #take(): Waiting | undefined {
    const first = this.#waiting.shift();
    this.#waitingBytes -= first?.bytes ?? 0;
    return first;
  }

  #stopWatch(): void {
    this.#cancelWatch?.();
    this.#cancelWatch = null;
  }

  /** One of a kind, until Redis takes updates again. */
  #tell(trouble: PublishError): void {
    if (this.#told.has(trouble.kind)) {
      return;
    }
    this.#told.add(trouble.kind);
    this.#callListener(() => this.#onTrouble(trouble));
  }

  #recover(): void {
    const wasUnreachable = this.#told.has("unreachable");
    this.#told.clear();
    if (wasUnreachable) {
      this.#callListener(this.#onRecovery);
    }
  }

  #callListener(listener: () => void): void {
    try {
      listener();
    } catch (error) {
      // The listener's own mistake must not stop the queue, nor stay unseen.
      queueMicrotask(() => {
        throw error;
      });
    }
  }
}
