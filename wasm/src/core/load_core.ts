import { pageWide } from "../shared/page_wide.js";
import type { PlatformUrl } from "../shared/platform.js";
import { Core, type TextCoders } from "./core.js";
import { StreamError } from "./errors.js";

/** Where the module comes from: its address, or its bytes. */
export type CoreSource = string | PlatformUrl | ArrayBuffer | ArrayBufferView;

// What a stand-alone module of Emscripten's may ask of its host.
const imports: WebAssembly.Imports = {
  env: { emscripten_notify_memory_growth: () => {} },
  wasi_snapshot_preview1: {
    proc_exit: (code: number) => {
      throw new Error(`The core exited with ${code}`);
    },
  },
};

const remedies =
  "Let your bundler copy regstream.wasm, say where it is by loadCore(address) before the first stream, " +
  'or embed it: import "regstream/inline". The README says how for each bundler';

const permissions =
  "Is the network there, and do the page's Content-Security-Policy (connect-src) and the server's CORS allow it?";

const failure = (what: string, remedy: string = remedies, cause?: unknown) =>
  new StreamError("load_failed", `${what}. ${remedy}`, cause);

/** In Node only. The name is a variable, so that bundlers for the browser leave it alone. */
async function nodeModule<T>(name: string): Promise<T> {
  return await import(/* @vite-ignore */ /* webpackIgnore: true */ /* turbopackIgnore: true */ name);
}

async function readFile(url: string): Promise<BufferSource> {
  const files = await nodeModule<typeof import("node:fs/promises")>("node:fs/promises");
  const urls = await nodeModule<typeof import("node:url")>("node:url");
  // A path, since the global URL may be a test environment's, which Node's file functions don't take.
  return new Uint8Array(await files.readFile(urls.fileURLToPath(url)));
}

/** Jest's environment for pages lacks them. */
async function textCoders(): Promise<TextCoders> {
  return typeof TextEncoder === "undefined" ? await nodeModule<TextCoders>("node:util") : globalThis;
}

async function fetchModule(address: string): Promise<BufferSource> {
  const response = await fetch(address);
  if (!response.ok) {
    throw failure(`${address} answered with status ${response.status}`);
  }
  return new Uint8Array(await response.arrayBuffer());
}

async function readModule(address: string): Promise<BufferSource> {
  try {
    const isFile = address.startsWith("file:") && typeof process !== "undefined";
    return await (isFile ? readFile(address) : fetchModule(address));
  } catch (cause) {
    if (cause instanceof StreamError) {
      throw cause;
    }
    throw failure(`${address} could not be read: ${String(cause)}`, `${permissions} ${remedies}`, cause);
  }
}

/** `from` is what gave the bytes. */
async function instantiate(bytes: BufferSource, from: string): Promise<WebAssembly.Instance> {
  const [first, ...rest] = ArrayBuffer.isView(bytes)
    ? new Uint8Array(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, 4))
    : new Uint8Array(bytes, 0, Math.min(bytes.byteLength, 4));
  if (first === "<".charCodeAt(0)) {
    throw failure(`${from} answered with HTML, as servers do that answer any address with the page`);
  }
  // Which every module begins with: "\0asm".
  if (String.fromCharCode(first ?? 1, ...rest) !== "\0asm") {
    throw failure(`${from} gave ${bytes.byteLength} bytes that are no WebAssembly module`);
  }
  try {
    return (await WebAssembly.instantiate(bytes, imports)).instance;
  } catch (cause) {
    const isForbidden = /unsafe-eval|content.security.policy|\bCSP\b/i.test(String(cause));
    throw isForbidden
      ? failure("The page's Content-Security-Policy forbids WebAssembly", "Add 'wasm-unsafe-eval' to script-src", cause)
      : failure(`This engine can't run ${from}: ${String(cause)}`, "The README names those that can", cause);
  }
}

/** A bundler finds the file by this very expression. One whose output knows no `import.meta` leaves none of it. */
function ownAddress(): URL {
  try {
    return new URL("../regstream.wasm", import.meta.url);
  } catch (cause) {
    throw failure("This bundle does not know its own address, nor so that of regstream.wasm", remedies, cause);
  }
}

interface ModuleState {
  loading: Promise<Core> | null;
  loaded: Core | null;
  lastSource: CoreSource | undefined;
  embedded: (() => CoreSource) | undefined;
}

const stateOf = () =>
  pageWide<ModuleState>("module", () => ({
    loading: null,
    loaded: null,
    lastSource: undefined,
    embedded: undefined,
  }));

async function load(state: ModuleState): Promise<Core> {
  const source = state.lastSource ?? state.embedded?.() ?? ownAddress();
  const isBytes = typeof source === "object" && "byteLength" in source;
  const bytes = isBytes ? (source as BufferSource) : await readModule(String(source));
  const instance = await instantiate(bytes, isBytes ? "What was given as regstream.wasm" : String(source));
  const core = new Core(instance, await textCoders());
  state.loaded = core;
  return core;
}

/**
 * The module, loaded at the first call and shared from then on. A load that failed and a module that
 * was abandoned are forgotten, so that the next call loads again. `source` matters at calls that load;
 * without it the module is the one named before, and at first the embedded one, or the file beside this one.
 * Rejects with a StreamError (`load_failed`), which says what came in its place, and what to do.
 */
export function loadCore(source?: CoreSource): Promise<Core> {
  const state = stateOf();
  if (state.loading === null || state.loaded?.isDead === true) {
    state.loaded = null;
    state.lastSource = source ?? state.lastSource;
    const attempt = load(state);
    state.loading = attempt;
    attempt.catch(() => {
      state.loading = null;
    });
  }
  return state.loading;
}

/** Lets `loadCore` take these bytes where no source is named. */
export function embedModule(bytes: () => CoreSource): void {
  stateOf().embedded = bytes;
}
