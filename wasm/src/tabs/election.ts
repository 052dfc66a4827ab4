/**
 * Which tab owns the stream: the one that holds the Web Lock.
 *
 *     state    input                                   next state   actions
 *     away     join                                    waiting      request_lock
 *     waiting  granted                                 leading      lead
 *     waiting  visible, and nothing heard for 10 s     waiting      ask
 *     waiting  visible, and no answer in 2 s           waiting      release_lock, request_lock (steal)
 *     leading  lost                                    waiting      stop, request_lock
 *     leading  heard a newer owner                     waiting      stop, release_lock, request_lock
 *     any      leave                                   away         stop where leading, release_lock
 *
 * The owner sends no heartbeats, since timers of a hidden tab fire only once a minute. A visible tab asks instead. A
 * tab leaves when its page is suspended or frozen: a held lock keeps a page out of the back-forward cache, and a page
 * that does not run can't serve the others. If the browser freezes the owner without notice, another tab steals the
 * lock.
 */

/** After this long without a message a visible tab asks the owner. */
export const silenceMsMax = 10_000;
/** After this long without an answer it takes the lock. */
export const answerMsMax = 2_000;
/** A timer that fires later than this shows that this tab was suspended: the answer may still be queued. */
export const lateMsMax = 1_000;

/** A tab's time as owner. A term that began later is newer; of two that began at once, that of the larger tab name. */
export interface Term {
  /** Milliseconds since the Unix epoch, but always greater than any term that the tab knew of. */
  readonly began: number;
  readonly tab: string;
}

export function isNewer(a: Term, b: Term): boolean {
  return a.began === b.began ? a.tab > b.tab : a.began > b.began;
}

export type ElectionAction =
  | { readonly kind: "request_lock"; readonly attempt: number; readonly steals: boolean }
  /** Releases the lock, or stops waiting for it. */
  | { readonly kind: "release_lock"; readonly attempt: number }
  /** Asks whether the owner is alive. */
  | { readonly kind: "ask" }
  | { readonly kind: "lead"; readonly term: Term }
  /** Stops owning the stream. */
  | { readonly kind: "stop" };

export class Election {
  readonly #tab: string;
  #state: "away" | "waiting" | "leading" = "away";
  #isVisible = false;
  /** The attempt number of the current lock request. Outcomes of other attempts are stale. */
  #attempt = 0;
  /** The newest term that this tab knows of, its own included. */
  #newest: Term = { began: 0, tab: "" };
  #silentSince = 0;
  #askedAt: number | null = null;
  readonly #actions: ElectionAction[] = [];

  constructor(tab: string) {
    this.#tab = tab;
  }

  /** Takes part from now on. */
  join(isVisible: boolean, now: number): void {
    if (this.#state === "away") {
      this.#isVisible = isVisible;
      this.#wait(now);
      this.#request(false);
    }
  }

  /** Stops taking part: the page is closed, frozen, or enters the back-forward cache. */
  leave(): void {
    if (this.#state !== "away") {
      this.#stop();
      this.#release();
      this.#state = "away";
    }
  }

  setVisible(isVisible: boolean): void {
    this.#isVisible = isVisible;
    this.#askedAt = null;
  }

  /**
   * The lock was granted. `time` is the calendar's, in milliseconds since the Unix epoch: all tabs of a browser share
   * it.
   */
  granted(attempt: number, time: number): void {
    if (attempt !== this.#attempt || this.#state !== "waiting") {
      this.#actions.push({ kind: "release_lock", attempt });
      return;
    }
    this.#state = "leading";
    this.#newest = { began: Math.max(time, this.#newest.began + 1), tab: this.#tab };
    this.#actions.push({ kind: "lead", term: this.#newest });
  }

  /** Another tab stole the lock, or the lock can't be had. */
  lost(attempt: number, now: number): void {
    if (attempt === this.#attempt && this.#state !== "away") {
      this.#stop();
      this.#wait(now);
      this.#request(false);
    }
  }

  /** A message of the owner of `term` has come. False: it is no longer the owner. */
  heard(term: Term, now: number): boolean {
    if (isNewer(this.#newest, term)) {
      return false;
    }
    const isOther = isNewer(term, this.#newest);
    this.#newest = term;
    this.#silentSince = now;
    this.#askedAt = null;
    if (isOther && this.#state === "leading") {
      this.#stop();
      this.#release();
      this.#wait(now);
      this.#request(false);
    }
    return true;
  }

  /** When to call `handleDeadline`; Infinity: not for now. */
  deadline(): number {
    if (this.#state !== "waiting" || !this.#isVisible) {
      return Infinity;
    }
    return this.#askedAt === null ? this.#silentSince + silenceMsMax : this.#askedAt + answerMsMax;
  }

  handleDeadline(now: number): void {
    const due = this.deadline();
    if (now < due) {
      return;
    }
    if (this.#askedAt === null || now > due + lateMsMax) {
      this.#askedAt = now;
      this.#actions.push({ kind: "ask" });
    } else {
      this.#release();
      this.#wait(now);
      this.#request(true);
    }
  }

  poll(): ElectionAction | null {
    return this.#actions.shift() ?? null;
  }

  #wait(now: number): void {
    this.#state = "waiting";
    this.#silentSince = now;
    this.#askedAt = null;
  }

  #request(steals: boolean): void {
    this.#attempt += 1;
    this.#actions.push({ kind: "request_lock", attempt: this.#attempt, steals });
  }

  #release(): void {
    this.#actions.push({ kind: "release_lock", attempt: this.#attempt });
  }

  #stop(): void {
    if (this.#state === "leading") {
      this.#actions.push({ kind: "stop" });
    }
  }
}
