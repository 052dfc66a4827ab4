import { pageWide } from "../shared/page_wide.js";
import type { PlatformUrl } from "../shared/platform.js";
import { Core, type TextCoders } from "./core.js";
import { StreamError } from "./errors.js";

/** The module's source: its address or its bytes. */
export type CoreSource = string | PlatformUrl | ArrayBuffer | ArrayBufferView;

// What a stand-alone module of Emscripten may import.
const imports: WebAssembly.Imports = {
  env: { emscripten_notify_memory_growth: () => {} },
  wasi_snapshot_preview1: {
    proc_exit: (code: number) => {
      throw new Error(`The core exited with ${code}`);
    },
  },
};

const remedies =
  "Let your bundler copy regstream.wasm, call loadCore(address) before the first stream, " +
  'or embed it with import "regstream/inline". The README links to the settings of each bundler';

const permissions =
  "Check the network, the page's Content-Security-Policy (connect-src) and the server's CORS headers.";

const failure = (what: string, remedy: string = remedies, cause?: unknown) =>
  new StreamError("load_failed", `${what}. ${remedy}`, cause);

/** Imports a module of Node's. The name is a variable so that bundlers for the browser ignore it. */
async function nodeModule<T>(name: string): Promise<T> {
  return await import(/* @vite-ignore */ /* webpackIgnore: true */ /* turbopackIgnore: true */ name);
}

async function readFile(url: string): Promise<BufferSource> {
  const files = await nodeModule<typeof import("node:fs/promises")>("node:fs/promises");
  const urls = await nodeModule<typeof import("node:url")>("node:url");
  // A path, since the global URL may be a test environment's, which Node's file functions reject.
  return new Uint8Array(await files.readFile(urls.fileURLToPath(url)));
}

/** Jest's environment for pages lacks these classes. */
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

/** `from` names the source of the bytes. */
async function instantiate(bytes: BufferSource, from: string): Promise<WebAssembly.Instance> {
  const [first, ...rest] = ArrayBuffer.isView(bytes)
    ? new Uint8Array(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, 4))
    : new Uint8Array(bytes, 0, Math.min(bytes.byteLength, 4));
  if (first === "<".charCodeAt(0)) {
    throw failure(`${from} answered with HTML, as a server does that answers every address with the page`);
  }
  // Every module begins with "\0asm".
  if (String.fromCharCode(first ?? 1, ...rest) !== "\0asm") {
    throw failure(`${from} gave ${bytes.byteLength} bytes that are not a WebAssembly module`);
  }
  try {
    return (await WebAssembly.instantiate(bytes, imports)).instance;
  } catch (cause) {
    const isForbidden = /unsafe-eval|content.security.policy|\bCSP\b/i.test(String(cause));
    throw isForbidden
      ? failure("The page's Content-Security-Policy forbids WebAssembly", "Add 'wasm-unsafe-eval' to script-src", cause)
      : failure(`This engine can't run ${from}: ${String(cause)}`, "The README lists the engines that can", cause);
  }
}

/**
 * The address of regstream.wasm. Bundlers recognise exactly this expression. If the output format has no `import.meta`,
 * they remove it.
 */
function ownAddress(): URL {
  try {
    return new URL("../regstream.wasm", import.meta.url);
  } catch (cause) {
    throw failure("This bundle has no import.meta.url, so it can't find regstream.wasm", remedies, cause);
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
  const instance = await instantiate(bytes, isBytes ? "The source given to loadCore" : String(source));
  const core = new Core(instance, await textCoders());
  state.loaded = core;
  return core;
}

/**
 * Loads the module at the first call; later calls share it. A failed load and an abandoned module are forgotten, so
 * that the next call loads again.
 *
 * `source` matters only at a call that loads. Default: the source named before, or else the embedded module, or else
 * the file beside this one. Rejects with a StreamError (`load_failed`) that says what was received and what to do.
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

/** Lets `loadCore` use these bytes if no source is named. */
export function embedModule(bytes: () => CoreSource): void {
  stateOf().embedded = bytes;
}
