/** Loads the WebAssembly core and speaks its C ABI (abi.cpp). No other file knows its numbers. */

import { StreamError } from "./errors.js";
import type { TransportEnd } from "./event_source_transport.js";
import type { StageStatus } from "./messages.js";
import type { Signal } from "./signals.js";

const connectionStates = [
  "idle",
  "authorizing",
  "connecting",
  "open",
  "waiting",
  "closed",
] as const;

/**
 * - `idle`: not asked to connect yet
 * - `authorizing`: an attempt begins, and waits for its token
 * - `connecting`: an attempt is under way
 * - `open`: accepted by the server, updates arrive
 * - `waiting`: between attempts
 * - `closed`: for good, or until `connect()`
 */
export type ConnectionState = (typeof connectionStates)[number];

const coreReasons = [
  "none",
  "requested",
  "token_given",
  "token_refused",
  "accepted",
  "retry_due",
  "woken",
  "ended",
  "network_failed",
  "timed_out",
  "silent",
  "refused",
  "token_unavailable",
  "offline",
  "restored",
  "told_to_stop",
  "unauthorized",
  "forbidden",
  "wrong_content_type",
  "redirect_failed",
  "token_denied",
  "refused_for_good",
] as const;
export type CoreReason = (typeof coreReasons)[number];

const transportEnds: readonly TransportEnd[] = ["ended", "failed", "refused_unseen"];
const signals: readonly Signal[] = ["online", "offline", "visible", "restored"];
const stageStatuses: readonly StageStatus[] = ["started", "completed", "failed", "skipped"];
const messageKinds = [
  "connected",
  "update",
  "snapshot",
  "reset",
  "ping",
  "other",
  "malformed",
  "too_large",
  "stale",
] as const;

/** What to do about an answer that is no stream: `standard` gives up, `resilient` tries again. */
export type RetryPolicy = "resilient" | "standard";
const policies: readonly RetryPolicy[] = ["resilient", "standard"];

/** What the connection machine wants done. */
export type CoreAction =
  | { readonly kind: "open"; readonly attempt: number; readonly lastEventId: string }
  | { readonly kind: "close"; readonly attempt: number }
  | {
      readonly kind: "state_changed";
      readonly from: ConnectionState;
      readonly to: ConnectionState;
      readonly reason: CoreReason;
    };

/** What one event was. */
export type CoreMessage =
  | { readonly kind: "update"; readonly stageStatus: StageStatus; readonly viewChanged: boolean }
  | { readonly kind: "snapshot" | "reset"; readonly viewChanged: boolean }
  | { readonly kind: "malformed" | "too_large"; readonly problem: string }
  | { readonly kind: "connected" | "ping" | "other" | "stale" };

interface CoreExports {
  readonly memory: WebAssembly.Memory;
  _initialize(): void;
  abi_version(): number;
  input(size: number): number;
  input_limit(): number;
  result(): number;
  client_create(policy: number, seedHigh: number, seedLow: number, registrationId: number): number;
  client_destroy(client: number): void;
  client_restore(client: number, cursorSize: number, viewSize: number): number;
  client_connect(client: number, now: number): void;
  client_close(client: number, now: number): void;
  client_signal(client: number, signal: number, now: number): void;
  client_response(
    client: number,
    attempt: number,
    status: number,
    isEventStream: number,
    retryAfterMs: number,
    now: number,
  ): void;
  client_message(
    client: number,
    attempt: number,
    idSize: number,
    dataSize: number,
    now: number,
  ): number;
  client_end(client: number, attempt: number, end: number, now: number): void;
  client_deadline(client: number): number;
  client_handle_deadline(client: number, now: number): void;
  client_poll(client: number): number;
  client_view(client: number): void;
}

interface CoreResult {
  readonly attempt: number;
  readonly from: number;
  readonly to: number;
  readonly reason: number;
  readonly stageStatus: number;
  readonly viewChanged: boolean;
}

const abiVersion = 3;

/** The value that an ABI number stands for; a number out of range is a broken module. */
function named<T>(names: readonly T[], index: number): T {
  const name = names[index];
  if (name === undefined) {
    throw new Error(`The core gave ${index}, which has no name here`);
  }
  return name;
}

const encoder = new TextEncoder();
// An id may begin with U+FEFF, which is part of it.
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** One instance of the module. Every stream of a page shares it. */
export class Core {
  readonly #exports: CoreExports;
  readonly #inputLimit: number;
  readonly #resultAddress: number;
  #bytes: Uint8Array;
  #isDead = false;

  constructor(instance: WebAssembly.Instance) {
    // Its own check stands below: a module of another build has another version, or none.
    const exports = instance.exports as unknown as CoreExports;
    if (typeof exports.abi_version !== "function" || exports.abi_version() !== abiVersion) {
      throw new Error(
        "regstream.wasm belongs to another version of this package; deploy both together",
      );
    }
    exports._initialize();
    this.#exports = exports;
    this.#bytes = new Uint8Array(exports.memory.buffer);
    this.#inputLimit = exports.input_limit();
    this.#resultAddress = exports.result();
  }

  get isDead(): boolean {
    return this.#isDead;
  }

  /** The way to every call: a dead module takes none. */
  get exports(): CoreExports {
    if (this.#isDead) {
      throw new StreamError("core_failed", "The core failed, and can't be used any more");
    }
    return this.#exports;
  }

  /** A trap leaves the module's memory in doubt: nobody calls it again, and the next load is anew. */
  abandon(): void {
    this.#isDead = true;
  }

  /** Growing the memory replaces its buffer, so the view of it is looked up at each use. */
  #memory(): Uint8Array {
    if (this.#bytes.buffer !== this.#exports.memory.buffer) {
      this.#bytes = new Uint8Array(this.#exports.memory.buffer);
    }
    return this.#bytes;
  }

  /** Writes two texts into the input buffer, cut to its limit; returns their sizes in bytes. */
  write(first: string, second: string): readonly [number, number] {
    const room = Math.min((first.length + second.length) * 3, this.#inputLimit);
    const address = this.exports.input(room);
    const bytes = this.#memory().subarray(address, address + room);
    const firstSize = encoder.encodeInto(first, bytes).written;
    const secondSize = encoder.encodeInto(second, bytes.subarray(firstSize)).written;
    return [firstSize, secondSize];
  }

  /** The result record; its words that the last call did not set are an earlier call's. */
  result(): CoreResult {
    const record = new DataView(this.#memory().buffer, this.#resultAddress, 32);
    const word = (index: number) => record.getUint32(index * 4, true);
    return {
      attempt: word(2),
      from: word(3),
      to: word(4),
      reason: word(5),
      stageStatus: word(6),
      viewChanged: word(7) === 1,
    };
  }

  /** The result record's text. */
  resultText(): string {
    const memory = this.#memory();
    const record = new DataView(memory.buffer, this.#resultAddress, 8);
    const address = record.getUint32(0, true);
    return decoder.decode(memory.subarray(address, address + record.getUint32(4, true)));
  }
}

export interface CoreClientOptions {
  readonly policy: RetryPolicy;
  /** Spreads this client's delays from other clients' ones. */
  readonly seed: readonly [number, number];
  readonly registrationId: number | undefined;
}

/** The machines of one stream. Dispose of it: the module can't see who still uses it. */
export class CoreClient {
  readonly #core: Core;
  readonly #handle: number;

  constructor(core: Core, options: CoreClientOptions) {
    this.#core = core;
    this.#handle = this.#core.exports.client_create(
      policies.indexOf(options.policy),
      options.seed[0],
      options.seed[1],
      options.registrationId ?? 0,
    );
    if (this.#handle === 0) {
      throw new StreamError(
        "core_failed",
        "No more than 256 streams can be open in one page: close some",
      );
    }
  }

  dispose(): void {
    if (!this.#core.isDead) {
      this.#core.exports.client_destroy(this.#handle);
    }
  }

  /** Takes over what an earlier client of the same stream left: its cursor and its view. */
  restore(lastEventId: string, viewJson: string): void {
    const [cursorSize, viewSize] = this.#core.write(lastEventId, viewJson);
    this.#core.exports.client_restore(this.#handle, cursorSize, viewSize);
  }

  connect(now: number): void {
    this.#core.exports.client_connect(this.#handle, now);
  }

  close(now: number): void {
    this.#core.exports.client_close(this.#handle, now);
  }

  signal(signal: Signal, now: number): void {
    this.#core.exports.client_signal(this.#handle, signals.indexOf(signal), now);
  }

  /** `retryAfterMs` is undefined where the server sent none. */
  response(
    attempt: number,
    status: number,
    isEventStream: boolean,
    retryAfterMs: number | undefined,
    now: number,
  ): void {
    this.#core.exports.client_response(
      this.#handle,
      attempt,
      status,
      isEventStream ? 1 : 0,
      retryAfterMs ?? -1,
      now,
    );
  }

  /** One event. `lastEventId` is undefined where this event did not change it. */
  message(
    attempt: number,
    data: string,
    lastEventId: string | undefined,
    now: number,
  ): CoreMessage {
    const [idSize, dataSize] = this.#core.write(lastEventId ?? "", data);
    const kind = named(
      messageKinds,
      this.#core.exports.client_message(
        this.#handle,
        attempt,
        lastEventId === undefined ? -1 : idSize,
        dataSize,
        now,
      ),
    );
    switch (kind) {
      case "update": {
        const { stageStatus, viewChanged } = this.#core.result();
        return { kind, stageStatus: named(stageStatuses, stageStatus), viewChanged };
      }
      case "snapshot":
      case "reset":
        return { kind, viewChanged: this.#core.result().viewChanged };
      case "malformed":
      case "too_large":
        return { kind, problem: this.#core.resultText() };
      default:
        return { kind };
    }
  }

  end(attempt: number, end: TransportEnd, now: number): void {
    this.#core.exports.client_end(this.#handle, attempt, transportEnds.indexOf(end), now);
  }

  /** When to call `handleDeadline`; Infinity: not at all, for now. */
  deadline(): number {
    return this.#core.exports.client_deadline(this.#handle);
  }

  handleDeadline(now: number): void {
    this.#core.exports.client_handle_deadline(this.#handle, now);
  }

  /** The next action to carry out. Poll after every input until there is none. */
  poll(): CoreAction | null {
    const kind = this.#core.exports.client_poll(this.#handle);
    if (kind === 0) {
      return null;
    }
    const result = this.#core.result();
    switch (kind) {
      case 1:
        return { kind: "open", attempt: result.attempt, lastEventId: this.#core.resultText() };
      case 2:
        return { kind: "close", attempt: result.attempt };
      case 3:
        return {
          kind: "state_changed",
          from: named(connectionStates, result.from),
          to: named(connectionStates, result.to),
          reason: named(coreReasons, result.reason),
        };
      default:
        throw new Error(`The core gave action ${kind}, which has no name here`);
    }
  }

  /** The registration's view as JSON text; empty where nothing is known. */
  view(): string {
    this.#core.exports.client_view(this.#handle);
    return this.#core.resultText();
  }
}

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
      lastSource ?? new URL("./regstream.wasm", import.meta.url),
    ).then((instance) => (loaded = new Core(instance)));
    loading = attempt;
    attempt.catch(() => {
      loading = null;
    });
  }
  return loading;
}
