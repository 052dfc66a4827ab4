/** Time and timers, as far as a stream needs them. */
export interface Clock {
  /** Milliseconds on a line that never goes back. Only differences have a meaning. */
  now(): number;
  /** Calls `callback` once, about `delayMs` from now; returns a function that cancels it. */
  setTimer(callback: () => void, delayMs: number): () => void;
}

/** `setTimeout` treats a longer delay as none. */
const delayMsMax = 2 ** 31 - 1;

/**
 * A clock that also counts the time that a machine slept: `performance.now()` stops while some
 * systems sleep and `Date.now()` does not, so each reading steps by the larger of the two advances.
 * A calendar set back moves it not at all.
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
