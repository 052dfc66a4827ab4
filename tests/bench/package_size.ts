// What a page loads of the package, as a server sends it: the module, and the JavaScript of its main entry without React, minified.
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { gzipSync } from "node:zlib";

import { build } from "esbuild";

const target = 14;

const packed = (bytes: Uint8Array) => gzipSync(bytes, { level: 9 }).length / 1024;

const { resolve } = createRequire(import.meta.url);
const entry = resolve("regstream");
const { outputFiles } = await build({ entryPoints: [entry], bundle: true, minify: true, format: "esm", platform: "neutral", write: false });
const script = packed(outputFiles[0]?.contents ?? new Uint8Array());
const wasm = packed(await readFile(resolve("regstream/regstream.wasm")));
console.log(`module ${wasm.toFixed(1)} KB, JavaScript ${script.toFixed(1)} KB, together ${(wasm + script).toFixed(1)} KB (target ${target} KB), gzip -9`);
