import { describe, expect, it, vi } from "vitest";

import { createPublisher } from "../../src/publisher.js";
import { FakeClock, settle } from "../fakes.js";

describe("a publisher's options", () => {
  it.each([
    { historyLength: 0 },
    { historyLength: 1_000_001 },
    { historyBytes: 2 ** 21 - 1 },
    { historyBytes: 2 ** 32 + 1 },
    { keyLifetimeMs: 999 },
    { keyLifetimeMs: 86_400_001 },
    { waitingMax: 0 },
    { waitingMax: 1.5 },
    { waitingBytesMax: 100 },
    { waitReplicas: -1 },
    { waitReplicas: 101 },
    { waitTimeoutMs: 0 },
    { waitTimeoutMs: 60_001 },
  ])("can't be %j", (options) => {
    const [name = ""] = Object.keys(options);
    const create = () => createPublisher({ status: "ready", evalsha: vi.fn(), eval: vi.fn() }, options);
    expect(create).toThrow(TypeError);
    expect(create).toThrow(name);
  });

  it("onTrouble prints a line on the console by default", async () => {
    const warn = vi.spyOn(console, "warn").mockReturnValue();
    const clock = new FakeClock();
    const publisher = createPublisher({ status: "reconnecting", evalsha: vi.fn(), eval: vi.fn() }, { clock });
    void publisher.publish({ registrationId: 1, status: "FAILED" });
    await settle();
    clock.advance(10_000);
    expect(warn.mock.calls).toEqual([[expect.stringMatching(/^regstream: redis has accepted no update for 2000 ms:/)]]);
    publisher.close();
    warn.mockRestore();
  });
});

describe("importing the publisher", () => {
  it("touches no network, no timer and no module", async () => {
    const touched = vi.fn(() => {
      throw new Error("touched");
    });
    for (const name of ["fetch", "setTimeout", "setInterval"]) {
      vi.stubGlobal(name, touched);
    }
    vi.resetModules();
    const { createPublisher: create } = await import("../../src/publisher.js");
    create({ status: "ready", evalsha: touched, eval: touched });
    expect(touched).not.toHaveBeenCalled();
    vi.unstubAllGlobals();
  });
});
