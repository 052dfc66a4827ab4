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
    const { useRegistrationUpdates } = await import("../../src/react/use_registration_updates.js");
    const { sharedStreamCount } = await import("../../src/pool/stream_pool.js");
    function Page() {
      const { connection, isConnected } = useRegistrationUpdates({ registrationId: 42 });
      return createElement("p", null, `${connection} ${isConnected}`);
    }
    expect(renderToString(createElement(Page))).toBe("<p>idle false</p>");
    expect(touched).not.toHaveBeenCalled();
    expect(instantiate).not.toHaveBeenCalled();
    expect(sharedStreamCount()).toBe(0);
    instantiate.mockRestore();
  });
});
