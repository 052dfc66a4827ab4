import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

import { beforeAll, describe, expect, it } from "vitest";

/** The core without its C ABI, with every function exported (../CMakeLists.txt). */
const modulePath = fileURLToPath(new URL("../../../build/wasm/bin/core_alone.wasm", import.meta.url));

describe("the core by itself", () => {
  let module: WebAssembly.Module;
  beforeAll(async () => {
    module = await WebAssembly.compile(await readFile(modulePath));
  });

  it("is complete", () => {
    const names = WebAssembly.Module.exports(module).map(({ name }) => name);
    for (const part of ["Parser4next", "append_event", "13decode_update", "Connection7connect", "Registration5apply"]) {
      expect(names).toContainEqual(expect.stringContaining(part));
    }
  });

  it("imports nothing: no clock, socket, file, environment or randomness", () => {
    const imports = WebAssembly.Module.imports(module).map(({ name }) => name);
    // To end when memory runs out, and to report that it has grown.
    const allowed = ["proc_exit", "emscripten_notify_memory_growth"];
    expect(imports.filter((name) => !allowed.includes(name))).toEqual([]);
  });
});
