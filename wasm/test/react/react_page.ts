import type { ReactElement } from "react";
import { act } from "react";
import type { Root } from "react-dom/client";
import { createRoot } from "react-dom/client";
import { afterEach, beforeEach, vi } from "vitest";

import { createFetch, createNetwork, settle, stageUpdate } from "../fakes.js";
import { leaveNothing } from "../pool/pool_users.js";

/** The initial state of each test of a file: a page with the test's network and timers. */
export function createReactPage() {
  const network = createNetwork();
  const roots: Root[] = [];
  beforeEach(() => {
    vi.stubGlobal("EventSource", network.EventSource);
    vi.stubGlobal("IS_REACT_ACT_ENVIRONMENT", true);
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance", "Date"] });
  });
  afterEach(async () => {
    await act(async () => {
      roots.splice(0).forEach((root) => root.unmount());
      await settle();
    });
    leaveNothing(network);
  });

  /** Renders, and renders again. */
  const mount = async (element: ReactElement) => {
    const root = createRoot(document.createElement("div"));
    roots.push(root);
    const render = (next: ReactElement) =>
      act(async () => {
        root.render(next);
        await settle();
      });
    await render(element);
    return { render };
  };
  const accept = () => act(async () => network.last.accept());
  const send = (data: unknown) => act(async () => network.last.send(data));
  const pass = (ms: number) =>
    act(async () => {
      vi.advanceTimersByTime(ms);
      await settle();
    });
  return { network, mount, accept, send, pass };
}

/** Another stage each time: a repeated update would be dropped. */
export function update(registrationId: number, timestamp = 1) {
  return stageUpdate(`stage_${timestamp}`, "started", timestamp, { registrationId });
}

/** Redirects requests by fetch to the test. */
export function stubFetch() {
  const fetches = createFetch();
  vi.stubGlobal("fetch", fetches.fetch);
  return fetches;
}
