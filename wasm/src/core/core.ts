/** The module: its memory and the calls of its ABI (wasm/abi/abi.hpp). */

import { StreamError } from "./errors.js";

interface CoreExports {
  readonly memory: { readonly buffer: ArrayBuffer };
  _initialize(): void;
  abi_version(): number;
  input(size: number): number;
  input_limit(): number;
  bytes_limit(): number;
  result(): number;
  workflow_create(size: number): number;
  query_size(workflow: number, ends: number, idsSize: number): number;
  client_create(
    workflow: number,
    policy: number,
    seedHigh: number,
    seedLow: number,
    traits: number,
    ends: number,
    idsSize: number,
    lastEventIdSize: number,
  ): number;
  client_restore(client: number, idSize: number, viewSize: number): void;
  client_follow(client: number, idsSize: number, now: number): number;
  client_destroy(client: number): void;
  client_connect(client: number, now: number): void;
  client_close(client: number, now: number): void;
  client_signal(client: number, signal: number, now: number): void;
  client_token(client: number, attempt: number, now: number): void;
  client_token_failed(client: number, attempt: number, failure: number, now: number): void;
  client_response(
    client: number,
    attempt: number,
    status: number,
    isEventStream: number,
    isCoded: number,
    retryAfterMs: number,
    now: number,
  ): void;
  client_event(client: number, attempt: number, idSize: number, dataSize: number, now: number): number;
  client_bytes(client: number, attempt: number, size: number, now: number): number;
  client_probe_bytes(client: number, attempt: number, size: number, now: number): number;
  client_end(client: number, attempt: number, end: number, now: number): void;
  client_deadline(client: number): number;
  client_handle_deadline(client: number, now: number): void;
  client_poll(client: number): number;
  parser_create(lineBytesMax: number, eventBytesMax: number, idBytesMax: number, idSize: number): number;
  parser_destroy(parser: number): void;
  parser_push(parser: number, size: number): number;
  parser_reconnect(parser: number): void;
  parser_retry(parser: number): number;
  parser_last_event_id(parser: number): void;
}

/** The result record's words. A word that the last call did not set is stale. */
const resultWords = {
  text: 0,
  textSize: 1,
  query: 2,
  querySize: 3,
  attempt: 4,
  to: 5,
  reason: 6,
  isConnected: 7,
  records: 8,
  json: 9,
  cursors: 11,
  cursorsSize: 12,
  cursorBegin: 13,
  views: 14,
  viewCount: 15,
  skipped: 16,
  skippedCount: 17,
  resets: 18,
} as const;

/** Up to this length decoding a text is cheaper than copying its bytes: an event id, say. */
const shortBytesMax = 256;

const abiVersion = 10;

/** The environment's UTF-8 coders. */
export interface TextCoders {
  readonly TextEncoder: new () => {
    encodeInto(text: string, bytes: Uint8Array): { written: number };
  };
  readonly TextDecoder: new (label: string, options: { ignoreBOM: boolean }) => { decode(bytes: Uint8Array): string };
}

/** One instance of the module. All streams of a page share it. */
export class Core {
  readonly #exports: CoreExports;
  readonly #encoder: InstanceType<TextCoders["TextEncoder"]>;
  readonly #decoder: InstanceType<TextCoders["TextDecoder"]>;
  readonly #inputLimit: number;
  /** The most bytes that `writeBytes` accepts. */
  readonly bytesLimit: number;
  readonly #resultAddress: number;
  #bytes: Uint8Array;
  #words: Uint32Array;
  #doubles: Float64Array;
  #isDead = false;

  /** `instance` is a `WebAssembly.Instance` of regstream.wasm. */
  constructor(instance: { readonly exports: object }, { TextEncoder, TextDecoder }: TextCoders) {
    this.#encoder = new TextEncoder();
    // An id may begin with U+FEFF, which belongs to it.
    this.#decoder = new TextDecoder("utf-8", { ignoreBOM: true });
    // Checked below: a module of another build has another version, or none.
    const exports = instance.exports as unknown as CoreExports;
    if (typeof exports.abi_version !== "function" || exports.abi_version() !== abiVersion) {
      const message = "regstream.wasm belongs to another version of this package; deploy both together";
      throw new StreamError("load_failed", message);
    }
    exports._initialize();
    this.#exports = exports;
    this.#bytes = new Uint8Array(exports.memory.buffer);
    this.#words = new Uint32Array(exports.memory.buffer);
    this.#doubles = new Float64Array(exports.memory.buffer);
    this.#inputLimit = exports.input_limit();
    this.bytesLimit = exports.bytes_limit();
    this.#resultAddress = exports.result();
  }

  get isDead(): boolean {
    return this.#isDead;
  }

  /** The module's functions. Throws once the module is dead. */
  get exports(): CoreExports {
    if (this.#isDead) {
      throw new StreamError(
        "core_failed",
        "The WebAssembly module failed and can't be used any more: call connect() to start a new one",
      );
    }
    return this.#exports;
  }

  /**
   * Marks the module as dead. A trap may have corrupted its memory: nothing may call it again, and the next load makes
   * a new instance.
   */
  abandon(): void {
    this.#isDead = true;
  }

  /** The module's memory. Growing replaces the buffer, so look it up at each use. */
  get bytes(): Uint8Array {
    this.#refresh();
    return this.#bytes;
  }

  get words(): Uint32Array {
    this.#refresh();
    return this.#words;
  }

  get doubles(): Float64Array {
    this.#refresh();
    return this.#doubles;
  }

  #refresh(): void {
    // A replaced buffer has length 0. Asking the memory for its buffer costs far more.
    if (this.#bytes.length === 0) {
      const { buffer } = this.#exports.memory;
      this.#bytes = new Uint8Array(buffer);
      this.#words = new Uint32Array(buffer);
      this.#doubles = new Float64Array(buffer);
    }
  }

  /** Writes two texts into the input buffer, cut to its limit; returns their sizes in bytes. */
  write(first: string, second: string): readonly [number, number] {
    const room = Math.min((first.length + second.length) * 3, this.#inputLimit);
    const address = this.exports.input(room);
    const bytes = this.bytes.subarray(address, address + room);
    const firstSize = this.#encoder.encodeInto(first, bytes).written;
    const secondSize = this.#encoder.encodeInto(second, bytes.subarray(firstSize)).written;
    return [firstSize, secondSize];
  }

  /** Writes bytes of a stream into the input buffer, at most `bytesLimit`. */
  writeBytes(bytes: Uint8Array): void {
    if (bytes.length > this.bytesLimit) {
      throw new RangeError(`The core accepts ${this.bytesLimit} bytes at a time`);
    }
    const address = this.exports.input(bytes.length);
    this.bytes.set(bytes, address);
  }

  result(word: keyof typeof resultWords): number {
    return this.words[(this.#resultAddress >> 2) + resultWords[word]] ?? 0;
  }

  /** Decodes the UTF-8 text at an address. */
  text(address: number, size: number): string {
    return this.#decoder.decode(this.bytes.subarray(address, address + size));
  }

  /** Decodes UTF-8 bytes that were copied out of the module. */
  decode(bytes: Uint8Array): string {
    return this.#decoder.decode(bytes);
  }

  /** Copies bytes, so that their text can be decoded after later calls into the module. */
  textLater(address: number, size: number): (begin: number, size: number) => string {
    if (size <= shortBytesMax) {
      const text = this.text(address, size);
      // As many characters as bytes: each character takes one byte.
      if (text.length === size) {
        return (begin, length) => text.slice(begin, begin + length);
      }
    }
    const copy = this.bytes.slice(address, address + size);
    return (begin, length) => this.#decoder.decode(copy.subarray(begin, begin + length));
  }

  /** The handle of the workflow that a text describes (`Vocabulary`); the same for the same text. */
  workflow(text: string): number {
    const handle = this.exports.workflow_create(this.write(text, "")[0]);
    if (handle === 0) {
      throw new StreamError("core_failed", "The WebAssembly module refused the workflow, or has 64 of them already");
    }
    return handle;
  }

  /** The result record's text. */
  resultText(): string {
    return this.text(this.result("text"), this.result("textSize"));
  }
}
