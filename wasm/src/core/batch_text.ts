import type { Core } from "./core.js";

/** The text of a batch, decoded whole at the first use: a decoder's call costs more than a slice. */
export class BatchText {
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
