// What a page loads of the package, as a server sends it: the module, and the JavaScript of its main entry without React, minified.
import { execFileSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";

import { build } from "esbuild";

const target = 14;

// By the program itself: Node's zlib packs a little less, for speed.
const packed = (bytes: Uint8Array) => execFileSync("gzip", ["-9"], { input: bytes }).length / 1024;

const { resolve } = createRequire(import.meta.url);
const entry = resolve("regstream");
const { outputFiles } = await build({ entryPoints: [entry], bundle: true, minify: true, format: "esm", platform: "neutral", write: false });
const script = packed(outputFiles[0]?.contents ?? new Uint8Array());
const wasm = packed(await readFile(resolve("regstream/regstream.wasm")));
console.log(`module ${wasm.toFixed(1)} KB, JavaScript ${script.toFixed(1)} KB, together ${(wasm + script).toFixed(1)} KB (target ${target} KB), gzip -9`);
