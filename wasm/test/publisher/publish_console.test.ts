import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { PublishConsole } from "../../src/publisher/publish_console.js";
import { PublishError } from "../../src/publisher/publish_errors.js";
import { FakeClock } from "../fakes.js";

const away = new PublishError("unreachable", "redis is away");
const full = new PublishError("full", "too many wait");

describe("what a publisher without listeners writes on the console", () => {
  let clock: FakeClock;
  let lines: string[];
  let publisher: PublishConsole;
  beforeEach(() => {
    clock = new FakeClock();
    lines = [];
    publisher = new PublishConsole(clock);
    vi.spyOn(console, "warn").mockImplementation((line: string) => void lines.push(line));
    vi.spyOn(console, "info").mockImplementation((line: string) => void lines.push(line));
  });
  afterEach(() => {
    vi.restoreAllMocks();
  });

  const waits = "regstream: redis is away";
  const isOver = "regstream: redis takes updates again";

  it("prints a trouble, and its end, at once", () => {
    publisher.onTrouble(away);
    expect(lines).toEqual([waits]);
    publisher.onRecovery();
    expect(lines).toEqual([waits, isOver]);
    expect(clock.timers).toBe(0);
  });

  it("prints one of a kind in ten seconds if redis comes and goes, and ends with the truth", () => {
    for (let outage = 0; outage < 95; ++outage) {
      publisher.onTrouble(away);
      clock.advance(100);
      publisher.onRecovery();
      clock.advance(10);
    }
    expect(lines).toEqual([waits, isOver, waits, isOver]);
    expect(clock.timers).toBe(0);
  });

  it("prints a trouble that came too early later, if it continues", () => {
    publisher.onTrouble(away);
    publisher.onRecovery();
    clock.advance(1_000);
    publisher.onTrouble(away);
    expect(lines).toEqual([waits, isOver]);
    clock.advance(9_000);
    expect(lines).toEqual([waits, isOver, waits]);
    publisher.onRecovery();
    expect(lines).toEqual([waits, isOver, waits, isOver]);
  });

  it("prints each kind separately; a lost update stays reported when redis is back", () => {
    publisher.onTrouble(away);
    publisher.onTrouble(full);
    publisher.onTrouble(full);
    publisher.onRecovery();
    clock.advance(10_000);
    expect(lines).toEqual([waits, "regstream: too many wait", isOver, "regstream: too many wait"]);
  });
});
