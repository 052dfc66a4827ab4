import type { Clock } from "../shared/clock.js";
import type { PublishError, PublishErrorKind } from "./publish_errors.js";

/** The kinds of trouble that end when Redis takes updates again. */
const passingKinds = ["unreachable", "unreplicated"] as const satisfies readonly PublishErrorKind[];

/** At most one line of a kind in this time. */
const intervalMs = 10_000;

/**
 * The default listeners: print trouble and recovery. A Redis that comes and goes must not fill the console, yet the
 * last line must always be true: a line that comes too early is printed later if it is still true.
 */
export class PublishConsole {
  readonly #clock: Clock;
  readonly #due = new Map<PublishErrorKind, number>();
  readonly #heldBack = new Map<PublishErrorKind, () => void>();
  #showsWaiting = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  onTrouble(trouble: PublishError): void {
    const { kind } = trouble;
    const wait = (this.#due.get(kind) ?? -Infinity) - this.#clock.now();
    if (wait <= 0) {
      this.#say(trouble);
    } else if (!this.#heldBack.has(kind)) {
      this.#heldBack.set(
        kind,
        this.#clock.setTimer(() => this.#say(trouble), wait),
      );
    }
  }

  onRecovery(): void {
    for (const kind of passingKinds) {
      this.#heldBack.get(kind)?.();
      this.#heldBack.delete(kind);
    }
    if (this.#showsWaiting) {
      this.#showsWaiting = false;
      console.info("regstream: redis takes updates again");
    }
  }

  #say({ kind, message }: PublishError): void {
    this.#heldBack.delete(kind);
    this.#due.set(kind, this.#clock.now() + intervalMs);
    this.#showsWaiting ||= passingKinds.some((passing) => passing === kind);
    console.warn(`regstream: ${message}`);
  }
}
