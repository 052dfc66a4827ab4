import { createElement } from "react";
import { renderToString } from "react-dom/server";
import { afterEach, describe, expect, it, vi } from "vitest";

afterEach(() => {
  vi.unstubAllGlobals();
});

describe("on a server", () => {
  it("importing and rendering touch no network, no timer and no module", async () => {
    const touched = vi.fn(() => {
      throw new Error("touched");
    });
    for (const name of ["EventSource", "fetch", "setTimeout", "setInterval"]) {
      vi.stubGlobal(name, touched);
    }
    const instantiate = vi.spyOn(WebAssembly, "instantiate");
    vi.resetModules();
    await import("../../src/index.js");
    const { RegistrationStream } = await import("../../src/index.js");
    const { RegistrationStreams, useRegistration, useRegistrationUpdates, useRegistrations, useStream } = await import(
      "../../src/react.js"
    );
    const { sharedStreamCount } = await import("../../src/pool/stream_pool.js");
    const stream = new RegistrationStream();
    function Page() {
      const { connection, isConnected } = useRegistrationUpdates({ registrationId: 42 });
      const { reason, registrations } = useRegistrations([41, 42]);
      const view = useRegistration(42);
      const { registration } = useStream(stream);
      return createElement("p", null, [connection, isConnected, reason, registrations.size, view, registration].join());
    }
    const page = createElement(RegistrationStreams, { token: touched, headers: touched }, createElement(Page));
    expect(renderToString(page)).toBe("<p>idle,false,none,0,,</p>");
    expect(touched).not.toHaveBeenCalled();
    expect(instantiate).not.toHaveBeenCalled();
    expect(sharedStreamCount()).toBe(0);
    instantiate.mockRestore();
  });
});
