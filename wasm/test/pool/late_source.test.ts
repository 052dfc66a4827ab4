import { beforeEach, describe, expect, it, vi } from "vitest";

import { WorkflowStream } from "../../src/browser/workflow_stream.js";
import { registrationWorkflow } from "../../src/generated/registration.js";
import { LateSource } from "../../src/pool/late_source.js";
import type { FakeNetwork } from "../fakes.js";
import { createNetwork, primeCore, settle, stageUpdate } from "../fakes.js";

let network: FakeNetwork;
const stream = () => {
  return new WorkflowStream(registrationWorkflow, { ids: [1], eventSource: network.EventSource, loadCore: primeCore });
};

beforeEach(async () => {
  network = createNetwork();
  await primeCore();
});

describe("a source whose code loads late", () => {
  it("loads nothing before it connects, and then follows the stored calls", async () => {
    const load = vi.fn(() => Promise.resolve(stream()));
    const late = new LateSource(registrationWorkflow, load, stream);
    const heard: unknown[] = [];
    const states: string[] = [];
    late.subscribeToUpdates(({ message }) => heard.push(message));
    late.subscribe(({ connection }) => states.push(connection));
    late.follow([41, 42]);
    await settle();
    expect(load).not.toHaveBeenCalled();
    late.connect();
    late.connect();
    expect(late.getSnapshot()).toMatchObject({ connection: "connecting", isConnected: false });
    await settle();
    expect(load).toHaveBeenCalledOnce();
    expect(network.last.url).toMatch(/registrationId=41&registrationId=42/);
    network.last.accept();
    network.last.send(stageUpdate("duplicate_check", "started", 1, { message: "Looking" }), "5-1");
    await vi.waitFor(() => expect(heard).toEqual(["Looking"]));
    expect(late.view(42)?.message).toBe("Looking");
    expect(states.at(0)).toBe("connecting");
    expect(late.getSnapshot().isConnected).toBe(true);
    late.close();
    expect(late.getSnapshot().connection).toBe("closed");
    expect(network.live).toBe(0);
  });

  it("that was closed meanwhile stays closed until it connects again", async () => {
    const late = new LateSource(registrationWorkflow, () => Promise.resolve(stream()), stream);
    late.connect();
    late.close();
    expect(late.getSnapshot().connection).toBe("closed");
    await settle();
    expect(network.sources).toHaveLength(0);
    late.connect();
    await settle();
    expect(network.live).toBe(1);
    late.close();
  });

  it("falls back to another source if the code can't be loaded, and reports it", async () => {
    const reported = vi.fn();
    vi.stubGlobal("reportError", reported);
    const late = new LateSource(registrationWorkflow, () => Promise.reject(new Error("no chunk")), stream);
    late.connect();
    await settle();
    expect(reported).toHaveBeenCalledWith(new Error("no chunk"));
    expect(network.live).toBe(1);
    late.close();
    vi.unstubAllGlobals();
  });
});
