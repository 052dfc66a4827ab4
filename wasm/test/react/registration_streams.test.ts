// @vitest-environment jsdom
import type { ReactNode } from "react";
import { StrictMode, createElement } from "react";
import { describe, expect, it, vi } from "vitest";

import type { RegistrationStreamsProps, RegistrationUpdates, UseRegistrationUpdatesOptions } from "../../src/react.js";
import { RegistrationStreams, useRegistrationUpdates, useUpdates } from "../../src/react.js";
import { csvImport } from "../workflow/csv_import.js";
import { FakeClock, createNetwork, settle } from "../fakes.js";
import { createReactPage, stubFetch } from "./react_page.js";

const { network, mount, pass } = createReactPage();
const url = "https://bank.example/stream";

/** A provider around a component that follows 42. */
function createProbe(options: UseRegistrationUpdatesOptions = {}) {
  const seen: { updates: RegistrationUpdates | null; renders: number } = { updates: null, renders: 0 };
  function Probe() {
    seen.updates = useRegistrationUpdates({ registrationId: 42, ...options });
    seen.renders += 1;
    return null;
  }
  const probe = createElement(Probe);
  const within = (props: RegistrationStreamsProps, children: ReactNode = probe) =>
    createElement(RegistrationStreams, props, children);
  return { within, seen, Probe };
}

describe("<RegistrationStreams>", () => {
  it("sets for all hooks below it how streams are opened", async () => {
    const fetches = stubFetch();
    const { within } = createProbe();
    await mount(within({ url, transport: "fetch", headers: { "X-Branch": "Bole" }, credentials: "include" }));
    expect(fetches.last.url).toBe(`${url}?registrationId=42`);
    expect(fetches.last.headers.get("X-Branch")).toBe("Bole");
    expect(fetches.last.init.credentials).toBe("include");
  });

  it("yields to a hook's own options, and to a nearer provider", async () => {
    const fetches = stubFetch();
    const { within } = createProbe({ credentials: "omit", url: undefined });
    const inner = within({ headers: { "X-Branch": "Bole" } });
    await mount(within({ url, transport: "fetch", headers: { "X-Branch": "Piassa" }, credentials: "include" }, inner));
    expect(fetches.last.url).toBe(`${url}?registrationId=42`);
    expect(fetches.last.headers.get("X-Branch")).toBe("Bole");
    expect(fetches.last.init.credentials).toBe("omit");
  });

  it("accepts new functions and objects each render without a new stream, and calls the latest", async () => {
    const fetches = stubFetch();
    const { within, seen } = createProbe();
    const props = (name: string): RegistrationStreamsProps => ({
      url,
      token: async () => name,
      headers: () => ({ "X-User": name }),
    });
    const page = await mount(createElement(StrictMode, null, within(props("first"))));
    expect(fetches.last.headers.get("Authorization")).toBe("Bearer first");
    const { renders } = seen;
    await page.render(createElement(StrictMode, null, within(props("second"))));
    expect(seen.renders).toBe(renders);
    expect(fetches.requests).toHaveLength(1);
    fetches.last.lose();
    await pass(0);
    await pass(5_000);
    expect(fetches.requests).toHaveLength(2);
    expect(fetches.last.headers.get("Authorization")).toBe("Bearer second");
    expect(fetches.last.headers.get("X-User")).toBe("second");
    await page.render(createElement(StrictMode, null, within({ url, transport: "fetch", headers: { "X-User": "1" } })));
    await page.render(createElement(StrictMode, null, within({ url, transport: "fetch", headers: { "X-User": "1" } })));
    expect(fetches.requests).toHaveLength(3);
  });

  it("speaks for one user: another provider's streams are its own", async () => {
    const fetches = stubFetch();
    const { within, Probe } = createProbe();
    const token = () => Promise.resolve("alice");
    const provider = (key: string) => within({ url, token, key } as RegistrationStreamsProps, createElement(Probe));
    const page = await mount(createElement("p", null, provider("alice"), provider("bob")));
    expect(fetches.live).toBe(2);
    await page.render(createElement("p", null, provider("alice"), provider("carol")));
    expect(fetches.live).toBe(2);
    expect(fetches.requests.map(({ isLive }) => isLive)).toEqual([true, false, true]);
  });

  it("leaves the path to each workflow", async () => {
    function Imports() {
      useUpdates(csvImport, { id: "a" });
      return null;
    }
    const { within } = createProbe();
    await mount(within({ url: "/streams" }, createElement(Imports)));
    expect(network.last.url).toBe("/api/imports/updates/stream?file=a");
  });

  it("accepts the stream's options: the policy, and replacements for the environment", async () => {
    const [other, clock] = [createNetwork(), new FakeClock()];
    const loadCore = vi.fn(async () => Promise.reject(new Error("no module here")));
    // A module that can't be loaded is also reported on the console.
    vi.spyOn(console, "error").mockImplementationOnce(() => {});
    const { within, seen } = createProbe({ policy: "standard", seed: [1, 2], loadCore });
    const page = await mount(within({ eventSource: other.EventSource, clock }));
    await settle();
    expect(seen.updates).toMatchObject({ connection: "waiting", error: { kind: "load_failed" } });
    expect(clock.timers).toBe(1);
    await page.render(within({ eventSource: other.EventSource, clock }, null));
    expect(clock.timers).toBe(0);
    expect(network.sources).toEqual([]);
  });
});
