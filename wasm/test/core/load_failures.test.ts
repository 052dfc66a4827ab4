import { readFile } from "node:fs/promises";

import { afterEach, describe, expect, it, vi } from "vitest";

import { modulePath } from "../fakes.js";
import { freshPage } from "../fresh_page.js";

const address = "https://bank.example/assets/regstream.wasm";
const copyOrEmbed = /loadCore\(address\).*import "regstream\/inline"/;

/** The error of a page's first load. */
async function failureOf(answer: () => Promise<Response>) {
  freshPage();
  vi.stubGlobal("fetch", answer);
  const { loadCore } = await import("../../src/core/load_core.js");
  return await loadCore(address).then(
    () => Promise.reject(new Error("The module was loaded")),
    (error: unknown) => error as Error & { readonly kind: string },
  );
}

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

describe("a module that can't be loaded: the error says what was received, and what to do", () => {
  it.each([
    ["no such file", async () => new Response("", { status: 404 }), `${address} answered with status 404`],
    ["the page itself", async () => new Response("<!doctype html>"), `${address} answered with HTML`],
    ["something else", async () => new Response("{}"), `${address} gave 2 bytes that are not a WebAssembly module`],
    ["nothing", async () => new Response(""), `${address} gave 0 bytes that are not a WebAssembly module`],
    ["no answer", () => Promise.reject(new Error("failed")), `${address} could not be read: Error: failed`],
  ])("%s", async (_name, answer, what) => {
    const failure = await failureOf(answer);
    expect(failure.kind).toBe("load_failed");
    expect(failure.message).toContain(what);
    expect(failure.message).toMatch(copyOrEmbed);
  });

  it.each([
    "WebAssembly.instantiate(): Refused to compile or instantiate WebAssembly module because 'unsafe-eval' is not an",
    "call to WebAssembly.instantiate() blocked by CSP",
    "Refused to create a WebAssembly object because 'unsafe-eval' or 'wasm-unsafe-eval' is not an allowed source",
  ])("a policy of the page: %s", async (message) => {
    vi.spyOn(WebAssembly, "instantiate").mockRejectedValue(new WebAssembly.CompileError(message));
    const bytes = new Uint8Array(await readFile(modulePath));
    const failure = await failureOf(async () => new Response(bytes));
    expect(failure.message).toBe(
      "The page's Content-Security-Policy forbids WebAssembly. Add 'wasm-unsafe-eval' to script-src",
    );
  });

  it("an engine that is too old", async () => {
    const failure = await failureOf(async () => new Response(new Uint8Array([0, 0x61, 0x73, 0x6d, 9, 0, 0, 0])));
    expect(failure.message).toContain(`This engine can't run ${address}: CompileError`);
  });

  it("bytes of the page's own", async () => {
    freshPage();
    const { loadCore } = await import("../../src/core/load_core.js");
    await expect(loadCore(new Uint8Array(3))).rejects.toThrow("The source given to loadCore gave 3 bytes");
  });
});

describe("a failure on the console", () => {
  it("is printed once, however many streams load the module", async () => {
    freshPage();
    const { ModuleLoader } = await import("../../src/browser/module_loader.js");
    const said = vi.spyOn(console, "error").mockImplementation(() => {});
    const loaders = [1, 2].map(() => new ModuleLoader({ loadCore: () => Promise.reject(new Error("gone")) }));
    for (const loader of [...loaders, ...loaders]) {
      const failure = await new Promise<Error>((failed) => loader.load({ loaded: () => {}, failed }));
      expect(failure.message).toBe("regstream.wasm could not be loaded: Error: gone");
    }
    expect(said.mock.calls).toEqual([["regstream.wasm could not be loaded: Error: gone"]]);
  });
});

describe("the embedded module", () => {
  it("is used if no other is named, and nothing is fetched", async () => {
    freshPage();
    vi.stubGlobal("fetch", () => Promise.reject(new Error("fetched")));
    const { loadCore } = await import("../../src/core/load_core.js");
    await import("../../src/inline.js");
    expect((await loadCore()).isDead).toBe(false);
  });

  it("gives way to an address", async () => {
    freshPage();
    vi.stubGlobal("fetch", () => Promise.reject(new Error("fetched")));
    const { loadCore } = await import("../../src/core/load_core.js");
    await import("../../src/inline.js");
    await expect(loadCore(address)).rejects.toThrow("fetched");
  });
});
