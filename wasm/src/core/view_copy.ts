import type { Core } from "./core.js";
import { detailsAt, processLogAt, stageBytes, stageCountAt, stagesAt, textAt, viewBytes } from "./view_record.js";

/** A larger buffer is freed once the view has been made. */
const bytesKept = 65_536;

/**
 * A copy of a view record and everything that it points to, since the next call reuses the module's memory. The record
 * comes first, then its stages. The buffer is reused: a new one costs more than everything else here.
 */
export class ViewCopy {
  #core: Core | null = null;
  #bytes = new Uint8Array(0);
  #words = new Uint32Array(0);
  #doubles = new Float64Array(0);
  #size = 0;
  /** Where each text begins and ends. */
  #text: readonly [number, number] = [0, 0];
  #details: readonly [number, number] = [0, 0];
  #processLog: readonly [number, number] = [0, 0];

  get bytes(): Uint8Array {
    return this.#bytes;
  }

  get words(): Uint32Array {
    return this.#words;
  }

  get doubles(): Float64Array {
    return this.#doubles;
  }

  copyFrom(core: Core, address: number): void {
    const { bytes, words } = core;
    const word = (at: number) => words[(address + at) >> 2] ?? 0;
    const stagesSize = word(stageCountAt) * stageBytes;
    this.#core = core;
    this.#size = 0;
    this.#reserve(viewBytes + stagesSize + word(textAt + 4) + word(detailsAt + 4) + word(processLogAt + 4));
    this.#append(bytes, address, viewBytes);
    this.#append(bytes, word(stagesAt), stagesSize);
    this.#text = this.#append(bytes, word(textAt), word(textAt + 4));
    this.#details = this.#append(bytes, word(detailsAt), word(detailsAt + 4));
    this.#processLog = this.#append(bytes, word(processLogAt), word(processLogAt + 4));
  }

  text(): string {
    return this.#decode(this.#text);
  }

  details(): string {
    return this.#decode(this.#details);
  }

  processLog(): string {
    return this.#decode(this.#processLog);
  }

  /** Called once the view has been made. */
  release(): void {
    this.#core = null;
    if (this.#bytes.length > bytesKept) {
      this.#reserve(0);
    }
  }

  #reserve(size: number): void {
    if (size === 0 || size > this.#bytes.length) {
      // Half as much again, so that a growing view needs no new buffer each time. Rounded up to whole doubles.
      const bytes = new Uint8Array(Math.ceil((size * 1.5) / 8) * 8);
      this.#bytes = bytes;
      this.#words = new Uint32Array(bytes.buffer);
      this.#doubles = new Float64Array(bytes.buffer);
    }
  }

  #append(from: Uint8Array, begin: number, size: number): readonly [number, number] {
    const at = this.#size;
    if (size > 0) {
      this.#bytes.set(from.subarray(begin, begin + size), at);
      this.#size += size;
    }
    return [at, this.#size];
  }

  #decode([begin, end]: readonly [number, number]): string {
    return begin === end || this.#core === null ? "" : this.#core.decode(this.#bytes.subarray(begin, end));
  }
}
