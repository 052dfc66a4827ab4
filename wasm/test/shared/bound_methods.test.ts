import { describe, expect, it } from "vitest";

import { EventStreamParser } from "../../src/core/event_stream_parser.js";
import { loadCore } from "../../src/core/load_core.js";
import type { RegistrationView } from "../../src/shared/messages.js";
import { createNetwork, settle, stageUpdate } from "../fakes.js";
import { createTestStream, createWorkflowStream } from "../browser/test_stream.js";
import { registrationWorkflow } from "../../src/workflow.js";

/** Behaves like a framework's reactive proxy: members are read and called with the proxy as `this`. */
function proxied<T extends object>(object: T): T {
  return new Proxy(object, { get: (target, name, receiver): unknown => Reflect.get(target, name, receiver) });
}

describe("a stream's methods", () => {
  it("work detached", async () => {
    const network = createNetwork();
    const { connect, close, getSnapshot, subscribe, subscribeToUpdates, view } = createTestStream({
      eventSource: network.EventSource,
    }).stream;
    const views: (RegistrationView | null)[] = [];
    const messages: (string | undefined)[] = [];
    subscribe(({ registration }) => views.push(registration));
    subscribeToUpdates(({ message }) => messages.push(message));
    connect();
    await settle();
    network.last.accept();
    network.last.send(stageUpdate("duplicate_check", "started", 10));
    expect(messages).toEqual(["duplicate_check started"]);
    expect(getSnapshot().registration).toBe(views.at(-1));
    expect(view(42)).toBe(views.at(-1));
    close();
    expect(getSnapshot().connection).toBe("closed");
  });

  it("work through a proxy, as does its getter", async () => {
    const network = createNetwork();
    const stream = proxied(createTestStream({ eventSource: network.EventSource, until: "final" }).stream);
    stream.connect();
    await settle();
    network.last.accept();
    expect(stream.getSnapshot().isConnected).toBe(true);
    const { finished } = stream;
    stream.close();
    await expect(finished).rejects.toMatchObject({ kind: "closed" });
  });

  it("follow other instances detached, too", async () => {
    const network = createNetwork();
    const { stream } = createWorkflowStream(registrationWorkflow, { ids: [41], eventSource: network.EventSource });
    const { connect, follow } = stream;
    connect();
    await settle();
    network.last.accept();
    follow([41, 42]);
    expect(network.last.url).toMatch(/registrationId=41$/);
  });

  it("can be spied on by a test", () => {
    const { stream } = createTestStream({});
    const calls: string[] = [];
    stream.connect = () => calls.push("connect");
    stream.connect();
    expect(calls).toEqual(["connect"]);
  });
});

describe("a parser's methods", () => {
  it("work detached", async () => {
    const { push, dispose } = new EventStreamParser(await loadCore());
    const events = push(new TextEncoder().encode("data: one\n\n"));
    expect(events.data(0)).toBe("one");
    dispose();
  });
});
