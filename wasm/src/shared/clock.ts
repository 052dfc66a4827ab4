/** The time and timers that a stream needs. */
export interface Clock {
  /** Milliseconds, monotonic. Only differences have a meaning. */
  now(): number;
  /** Calls `callback` once, about `delayMs` from now. The returned function cancels it. */
  setTimer(callback: () => void, delayMs: number): () => void;
}

/** `setTimeout` fires at once if the delay is longer. */
const delayMsMax = 2 ** 31 - 1;

/**
 * A clock that includes the time while the machine slept. `performance.now()` stops while some systems sleep and
 * `Date.now()` does not, so each reading advances by the larger of the two. A calendar that is set back does not move
 * it.
 */
export function createClock(
  monotonic: () => number = () => performance.now(),
  calendar: () => number = () => Date.now(),
): Clock {
  let now = 0;
  let lastMonotonic = monotonic();
  let lastCalendar = calendar();
  return {
    now() {
      const nextMonotonic = monotonic();
      const nextCalendar = calendar();
      now += Math.max(0, nextMonotonic - lastMonotonic, nextCalendar - lastCalendar);
      lastMonotonic = nextMonotonic;
      lastCalendar = nextCalendar;
      return now;
    },
    setTimer(callback, delayMs) {
      const timer = setTimeout(callback, Math.min(Math.max(0, Math.ceil(delayMs)), delayMsMax));
      return () => clearTimeout(timer);
    },
  };
}
