import { describe, expect, it } from "vitest";

import { createClock } from "../../src/shared/clock.js";

function clockWith() {
  const time = { monotonic: 500, calendar: 1_702_493_000_000 };
  const clock = createClock(
    () => time.monotonic,
    () => time.calendar,
  );
  return { time, clock };
}

describe("the clock", () => {
  it("begins at 0, and advances with both of its sources", () => {
    const { time, clock } = clockWith();
    expect(clock.now()).toBe(0);
    time.monotonic += 20;
    time.calendar += 20;
    expect(clock.now()).toBe(20);
  });

  it("includes the time that a machine slept, which performance.now may miss", () => {
    const { time, clock } = clockWith();
    time.calendar += 60_000;
    expect(clock.now()).toBe(60_000);
    time.monotonic += 5;
    expect(clock.now()).toBe(60_005);
  });

  it("does not go back with the calendar", () => {
    const { time, clock } = clockWith();
    time.calendar -= 3_600_000;
    time.monotonic += 10;
    expect(clock.now()).toBe(10);
    time.monotonic += 10;
    time.calendar += 10;
    expect(clock.now()).toBe(20);
  });
});
