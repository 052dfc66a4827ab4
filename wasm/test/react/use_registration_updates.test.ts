// @vitest-environment jsdom
import { StrictMode, act, createElement } from "react";
import type { Root } from "react-dom/client";
import { flushSync } from "react-dom";
import { createRoot, hydrateRoot } from "react-dom/client";
import { renderToString } from "react-dom/server";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import type { RegistrationUpdate } from "../../src/shared/messages.js";
import type { RegistrationUpdates, UseRegistrationUpdatesOptions } from "../../src/react/use_registration_updates.js";
import { useRegistrationUpdates } from "../../src/react/use_registration_updates.js";
import { sharedStreamCount } from "../../src/pool/stream_pool.js";
import type { FakeNetwork } from "../fakes.js";
import { createFetch, createNetwork, settle, settleBody, stageUpdate } from "../fakes.js";

let network: FakeNetwork;
let roots: Root[];

beforeEach(() => {
  network = createNetwork();
  roots = [];
  vi.stubGlobal("EventSource", network.EventSource);
  vi.stubGlobal("IS_REACT_ACT_ENVIRONMENT", true);
});

afterEach(async () => {
  await act(async () => {
    for (const root of roots) {
      root.unmount();
    }
    await settle();
  });
  expect(sharedStreamCount()).toBe(0);
  expect(network.live).toBe(0);
  document.body.replaceChildren();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

function createContainer(): HTMLElement {
  return document.body.appendChild(document.createElement("div"));
}

/** A component that shows the hook's result, and a function that renders it. */
async function mount(options: UseRegistrationUpdatesOptions, { strict = false } = {}) {
  const seen: { current: RegistrationUpdates | null; renders: number } = {
    current: null,
    renders: 0,
  };
  function Probe(props: UseRegistrationUpdatesOptions) {
    const updates = useRegistrationUpdates(props);
    seen.current = updates;
    seen.renders += 1;
    return createElement("p", null, updates.isConnected ? "Live" : "Offline");
  }
  const container = createContainer();
  const root = createRoot(container);
  roots.push(root);
  const element = (props: UseRegistrationUpdatesOptions) => {
    const probe = createElement(Probe, props);
    return strict ? createElement(StrictMode, null, probe) : probe;
  };
  const render = async (props: UseRegistrationUpdatesOptions) => {
    await act(async () => {
      root.render(element(props));
      await settle();
    });
  };
  await render(options);
  return {
    render,
    root,
    element,
    container,
    seen,
    get updates(): RegistrationUpdates {
      if (seen.current === null) {
        throw new Error("The component was not rendered");
      }
      return seen.current;
    },
    unmount: () =>
      act(async () => {
        root.unmount();
        await settle();
      }),
  };
}

describe("useRegistrationUpdates", () => {
  it("reads by fetch if asked to, and says why the server refused", async () => {
    const fetches = createFetch();
    vi.stubGlobal("fetch", fetches.fetch);
    const probe = await mount({ url: "https://bank.example/stream", transport: "fetch" });
    await act(async () => {
      fetches.last.respond(403);
      await settleBody();
    });
    expect(probe.updates).toMatchObject({ connection: "closed", error: { kind: "refused" } });
    expect(network.sources).toHaveLength(0);
  });

  it.each([
    ["disconnects", (page: { updates: RegistrationUpdates }) => page.updates.disconnect()],
    ["switches to another registration", null],
  ])("no longer calls onUpdate once a component %s within it", async (_, leave) => {
    const fetches = createFetch();
    vi.stubGlobal("fetch", fetches.fetch);
    const heard: unknown[] = [];
    const options = { url: "https://bank.example/stream", transport: "fetch", registrationId: 42 } as const;
    const onUpdate = (update: RegistrationUpdate): void => {
      heard.push(update.stage);
      if (leave !== null) {
        leave(page);
      } else {
        flushSync(() => page.root.render(page.element({ ...options, registrationId: 43, onUpdate })));
      }
    };
    const page = await mount({ ...options, onUpdate });
    await act(async () => {
      fetches.last.accept();
      await settleBody();
      fetches.last.send(
        ["one", "two"].map((stage) => `data: ${JSON.stringify(stageUpdate(stage, "started", 1))}\n\n`).join(""),
      );
      await settleBody();
    });
    expect(heard).toEqual(["one"]);
  });

  it("shows the connection and the updates of a registration", async () => {
    const page = await mount({ registrationId: 42 });
    expect(page.updates).toMatchObject({ connection: "connecting", isConnected: false });
    await act(async () => network.last.accept());
    expect(page.container.textContent).toBe("Live");
    await act(async () => network.last.send(stageUpdate("t24_lookup", "started", 5)));
    expect(page.updates).toMatchObject({
      isConnected: true,
      connections: 1,
      latestUpdate: { registrationId: 42, stage: "t24_lookup" },
      registration: { stages: [{ name: "t24_lookup", status: "started" }] },
      error: null,
    });
    await act(async () => network.last.send({ type: "reset", timestamp: 6 }));
    expect(page.updates).toMatchObject({ resets: 1, registration: { stages: [{ name: "t24_lookup" }], hasGap: true } });
    await act(async () => network.last.lose());
    expect(page.container.textContent).toBe("Offline");
  });

  it("opens one connection in strict mode", async () => {
    const page = await mount({ registrationId: 42 }, { strict: true });
    expect(network.sources).toHaveLength(1);
    await act(async () => network.last.accept());
    expect(page.updates.isConnected).toBe(true);
  });

  it("calls the onUpdate of the latest render, once per update, without a new connection", async () => {
    const log: string[] = [];
    const listener = (name: string) => (update: RegistrationUpdate) => void log.push(`${name} ${update.timestamp}`);
    const page = await mount({ registrationId: 42, onUpdate: listener("first") }, { strict: true });
    await act(async () => network.last.accept());
    await act(async () => network.last.send(stageUpdate("t24_lookup", "started", 1)));
    await page.render({ registrationId: 42, onUpdate: listener("second") });
    await act(async () => {
      // Two updates before React renders: neither is lost.
      network.last.send(stageUpdate("t24_lookup", "completed", 2));
      network.last.send(stageUpdate("account_validation", "started", 3));
    });
    expect(log).toEqual(["first 1", "second 2", "second 3"]);
    expect(network.sources).toHaveLength(1);
  });

  it("does not render again if nothing changed", async () => {
    const page = await mount({ registrationId: 42 });
    await act(async () => network.last.accept());
    const { renders } = page.seen;
    await act(async () => network.last.send({ type: "ping", timestamp: 1 }));
    expect(page.seen.renders).toBe(renders);
  });

  it("follows another registration when the id changes, without a new connection", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance", "Date"] });
    const page = await mount({ registrationId: 42 });
    await act(async () => network.last.accept());
    await act(async () => network.last.send(stageUpdate("t24_lookup", "started", 1)));
    await page.render({ registrationId: 43 });
    expect(page.updates).toMatchObject({ latestUpdate: null, registration: null, isConnected: true });
    await act(async () => {
      vi.advanceTimersByTime(20);
      await settle();
    });
    expect(network.sources.map((source) => [source.url, source.readyState])).toEqual([
      ["/api/registrations/updates/stream?registrationId=42", 2],
      ["/api/registrations/updates/stream?registrationId=43", 0],
    ]);
    expect(page.updates).toMatchObject({ isConnected: true, connections: 1, reason: "changed" });
  });

  it("shares one connection between components, freed with the last of them", async () => {
    const first = await mount({ registrationId: 42 });
    const second = await mount({ registrationId: 42 });
    await act(async () => network.last.accept());
    expect(network.sources).toHaveLength(1);
    expect([first.updates.isConnected, second.updates.isConnected]).toEqual([true, true]);
    await first.unmount();
    expect(network.live).toBe(1);
    expect(sharedStreamCount()).toBe(1);
    await second.unmount();
    expect(network.live).toBe(0);
    expect(sharedStreamCount()).toBe(0);
  });

  it("shows existing views to a component that mounts later", async () => {
    await mount({ registrationId: 42 });
    await act(async () => network.last.accept());
    await act(async () => network.last.send(stageUpdate("t24_lookup", "started", 1)));
    const late = await mount({ registrationId: 42 });
    expect(late.updates).toMatchObject({ isConnected: true, latestUpdate: { timestamp: 1 } });
  });

  it("waits for connect() without autoConnect, and can be disconnected", async () => {
    const page = await mount({ registrationId: 42, autoConnect: false }, { strict: true });
    expect(network.sources).toHaveLength(0);
    expect(page.updates.connection).toBe("idle");
    await act(async () => {
      page.updates.connect();
      await settle();
    });
    await act(async () => network.last.accept());
    expect(page.updates.isConnected).toBe(true);
    await act(async () => {
      page.updates.disconnect();
      await settle();
    });
    expect(page.updates.connection).toBe("closed");
    expect(network.live).toBe(0);
  });

  it("follows autoConnect when it changes", async () => {
    const page = await mount({ registrationId: 42, autoConnect: false });
    await page.render({ registrationId: 42, autoConnect: true });
    expect(network.live).toBe(1);
    await page.render({ registrationId: 42, autoConnect: false });
    expect(network.live).toBe(0);
  });

  it("hydrates a page that was rendered on a server", async () => {
    const complaints = vi.spyOn(console, "error").mockImplementation(() => {});
    function Badge() {
      return createElement("b", null, useRegistrationUpdates({ registrationId: 42 }).connection);
    }
    const container = createContainer();
    container.innerHTML = renderToString(createElement(Badge));
    expect(container.textContent).toBe("idle");
    await act(async () => {
      roots.push(hydrateRoot(container, createElement(Badge)));
      await settle();
    });
    await act(async () => network.last.accept());
    expect(container.textContent).toBe("open");
    expect(complaints).not.toHaveBeenCalled();
    complaints.mockRestore();
  });
});
