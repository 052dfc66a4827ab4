import type { Core } from "./core.js";

/** The memory that holds records: the module's, or a copy of a part of it. */
export type Memory = Pick<Core, "bytes" | "words" | "doubles">;

/** The text that a record's slices refer to. */
export interface Text {
  slice(begin: number, size: number): string;
}

/** A batch's text, decoded as a whole at the first use: a decoder's call costs more than a slice. */
export class BatchText implements Text {
  readonly #core: Core;
  readonly #address: number;
  readonly #size: number;
  #text: string | null = null;

  constructor(core: Core, address: number, size: number) {
    this.#core = core;
    this.#address = address;
    this.#size = size;
  }

  slice(begin: number, size: number): string {
    this.#text ??= this.#core.text(this.#address, this.#size);
    return this.#text.slice(begin, begin + size);
  }
}

/**
 * Records of one kind in the module's memory (wasm/abi/records.hpp). Fields are named by their offset in bytes. Read
 * them before any other use of the module.
 */
export class Records {
  // The memory at the time when the records were made. If a later call grows it, these become empty.
  readonly #bytes: Uint8Array;
  readonly #words: Uint32Array;
  readonly #doubles: Float64Array;
  readonly #address: number;
  readonly #size: number;
  readonly #text: Text;

  constructor(memory: Memory, address: number, size: number, text: Text) {
    this.#bytes = memory.bytes;
    this.#words = memory.words;
    this.#doubles = memory.doubles;
    this.#address = address;
    this.#size = size;
    this.#text = text;
  }

  byte(index: number, offset: number): number {
    return this.#bytes[this.#address + index * this.#size + offset] ?? 0;
  }

  flag(index: number, offset: number): boolean {
    return this.byte(index, offset) === 1;
  }

  word(index: number, offset: number): number {
    return this.#words[(this.#address + index * this.#size + offset) >> 2] ?? 0;
  }

  double(index: number, offset: number): number {
    return this.#doubles[(this.#address + index * this.#size + offset) >> 3] ?? 0;
  }

  /** The text of a record's slice. */
  text(index: number, offset: number): string {
    const size = this.word(index, offset + 4);
    return size === 0 ? "" : this.#text.slice(this.word(index, offset), size);
  }
}
