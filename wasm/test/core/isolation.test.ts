import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

import { beforeAll, describe, expect, it } from "vitest";

/** The core without its C ABI, each of its functions exported (../CMakeLists.txt). */
const modulePath = fileURLToPath(new URL("../../../build/wasm/bin/core_alone.wasm", import.meta.url));

describe("the core by itself", () => {
  let module: WebAssembly.Module;
  beforeAll(async () => {
    module = await WebAssembly.compile(await readFile(modulePath));
  });

  it("is whole", () => {
    const names = WebAssembly.Module.exports(module).map(({ name }) => name);
    for (const part of ["Parser4next", "append_event", "13decode_update", "Connection7connect", "Registration5apply"]) {
      expect(names).toContainEqual(expect.stringContaining(part));
    }
  });

  it("takes nothing from the world: no clock, socket, file, environment or chance", () => {
    const imports = WebAssembly.Module.imports(module).map(({ name }) => name);
    // To end when memory has run out, and to say that it has grown.
    const allowed = ["proc_exit", "emscripten_notify_memory_growth"];
    expect(imports.filter((name) => !allowed.includes(name))).toEqual([]);
  });
});
