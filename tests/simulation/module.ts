import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

/** The simulation in WASM: as `./dev test simulate` builds it. */
const modulePath = fileURLToPath(new URL("../../build/wasm/bin/simulation.wasm", import.meta.url));

/** module.cpp */
interface Exports {
  readonly memory: WebAssembly.Memory;
  _initialize(): void;
  simulate(seedHigh: number, seedLow: number, canary: number, traceLines: number): number;
  result(): number;
}

export interface Run {
  readonly seed: number;
  /** The number of a mistake to make. */
  readonly canary?: number;
  readonly traceLines?: number;
}

/** Gives the function that runs a seed in WASM, and returns its report. */
export async function loadSimulation(): Promise<(run: Run) => string> {
  const { instance } = await WebAssembly.instantiate(await readFile(modulePath), {
    env: { emscripten_notify_memory_growth: () => undefined },
    wasi_snapshot_preview1: {
      proc_exit: (code: number) => {
        throw new Error(`the simulation ends itself: ${code}`);
      },
    },
  });
  const exports = instance.exports as unknown as Exports;
  exports._initialize();
  const text = new TextDecoder();
  return ({ seed, canary = -1, traceLines = 0 }) => {
    const size = exports.simulate(Math.floor(seed / 2 ** 32), seed >>> 0, canary, traceLines);
    return text.decode(new Uint8Array(exports.memory.buffer, exports.result(), size));
  };
}
