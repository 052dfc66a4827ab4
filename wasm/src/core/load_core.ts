import { Core } from "./core.js";

/** Where the module comes from: its address, or its bytes. */
export type CoreSource = string | URL | BufferSource;

// What a stand-alone module of Emscripten's may ask of its host.
const imports: WebAssembly.Imports = {
  env: { emscripten_notify_memory_growth: () => {} },
  wasi_snapshot_preview1: {
    proc_exit: (code: number) => {
      throw new Error(`The core exited with ${code}`);
    },
  },
};

/** In Node only. The names are variables, so that bundlers for the browser leave them alone. */
async function readFile(url: string): Promise<BufferSource> {
  const [filesName, urlName] = ["node:fs/promises", "node:url"];
  const files: typeof import("node:fs/promises") = await import(
    /* @vite-ignore */ /* webpackIgnore: true */ filesName
  );
  const urls: typeof import("node:url") = await import(
    /* @vite-ignore */ /* webpackIgnore: true */ urlName
  );
  // A path, since the global URL may be a test environment's, which Node's file functions don't take.
  return new Uint8Array(await files.readFile(urls.fileURLToPath(url)));
}

async function instantiate(source: CoreSource): Promise<WebAssembly.Instance> {
  if (typeof source !== "string" && !("href" in source)) {
    return (await WebAssembly.instantiate(source, imports)).instance;
  }
  const address = String(source);
  if (address.startsWith("file:") && typeof process !== "undefined") {
    return (await WebAssembly.instantiate(await readFile(address), imports)).instance;
  }
  const response = await fetch(address);
  if (!response.ok) {
    throw new Error(`${address} answered with status ${response.status}`);
  }
  // A server that does not know the file type is common, and streaming takes exactly this one.
  const type = response.headers.get("Content-Type") ?? "";
  if (type.toLowerCase() === "application/wasm" && "instantiateStreaming" in WebAssembly) {
    return (await WebAssembly.instantiateStreaming(response, imports)).instance;
  }
  return (await WebAssembly.instantiate(await response.arrayBuffer(), imports)).instance;
}

let loading: Promise<Core> | null = null;
let loaded: Core | null = null;
let lastSource: CoreSource | undefined;

/**
 * The module, loaded at the first call and shared from then on. A load that failed and a module that
 * was abandoned are forgotten, so that the next call loads again. `source` matters at calls that load;
 * without it the module is the one named before, and at first the file beside this one.
 */
export function loadCore(source?: CoreSource): Promise<Core> {
  if (loading === null || loaded?.isDead === true) {
    loaded = null;
    lastSource = source ?? lastSource;
    const attempt = instantiate(
      lastSource ?? new URL("../regstream.wasm", import.meta.url),
    ).then((instance) => (loaded = new Core(instance)));
    loading = attempt;
    attempt.catch(() => {
      loading = null;
    });
  }
  return loading;
}
