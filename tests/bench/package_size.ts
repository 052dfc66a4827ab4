// What a page loads of the package and of its peers: bundled and minified by esbuild, then gzip -9, without frameworks.
// An entry's figure includes everything that it shares with others. The module is counted separately.
import { execFileSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";

import { build } from "esbuild";
import manifest from "regstream/package.json" with { type: "json" };
import { type Bar, record } from "./figures.ts";

/** The goal for the default import and the module together: centrifuge, the peer that also recovers gaps. */
const targetKb = 23.7;

const frameworks = ["react", "vue", "svelte"];
const folder = fileURLToPath(new URL(".", import.meta.url));

// By the gzip program: Node's zlib favours speed and packs a little less.
const packedKb = (bytes: Uint8Array): number => execFileSync("gzip", ["-9"], { input: bytes }).length / 1024;

/** What is loaded at once, and what only an `import()` loads. */
interface Script {
  readonly atOnceKb: number;
  readonly laterKb: number;
}

async function sizeOf(code: string): Promise<Script> {
  const { outputFiles, metafile } = await build({
    stdin: { contents: code, resolveDir: folder },
    bundle: true,
    splitting: true,
    minify: true,
    format: "esm",
    platform: "browser",
    external: [...frameworks.flatMap((name) => [name, `${name}/*`]), "node:*"],
    // For entries that are imported for their effect, and for others.
    logLevel: "silent",
    absWorkingDir: folder,
    outdir: folder,
    metafile: true,
    write: false,
  });
  const atOnce = new Set<string>();
  const add = (name: string): void => {
    atOnce.add(name);
    for (const { external, kind, path } of metafile.outputs[name]?.imports ?? []) {
      if (kind === "import-statement" && external !== true && !atOnce.has(path)) add(path);
    }
  };
  add("stdin.js");
  const kb = (isWanted: boolean): number =>
    outputFiles
      .filter(({ path }) => atOnce.has(relative(folder, path)) === isWanted)
      .reduce((sum, { contents }) => sum + packedKb(contents), 0);
  return { atOnceKb: kb(true), laterKb: kb(false) };
}

const show = (name: string, kb: number, laterKb = 0): void => {
  const later = laterKb > 0 ? `, later ${laterKb.toFixed(1)}` : "";
  console.log(`${name.padEnd(46)} ${kb.toFixed(1).padStart(6)} KB${later}`);
};

const bars: Bar[] = [];
const compare = (name: string, kb: number): void => {
  show(name, kb);
  bars.push({ name, value: kb, text: `${kb.toFixed(1)} KB` });
};

const moduleKb = packedKb(await readFile(createRequire(import.meta.url).resolve("regstream/regstream.wasm")));
show("regstream.wasm", moduleKb);
for (const [name, target] of Object.entries(manifest.exports)) {
  const entry = name.replace(".", "regstream");
  if (typeof target === "string") continue;
  const { atOnceKb, laterKb } = await sizeOf(`import "${entry}"; export * from "${entry}";`);
  show(entry, atOnceKb, laterKb);
}
const { atOnceKb: mainKb } = await sizeOf('export { RegistrationStream } from "regstream";');
show("RegistrationStream alone", mainKb);
compare(`regstream with its module (goal: ${targetKb})`, mainKb + moduleKb);
for (const [peer, code] of Object.entries({
  centrifuge: 'export { Centrifuge } from "centrifuge";',
  "@microsoft/fetch-event-source": 'export { fetchEventSource } from "@microsoft/fetch-event-source";',
  "pusher-js": 'export { default } from "pusher-js";',
  "socket.io-client": 'export { io } from "socket.io-client";',
})) {
  compare(peer, (await sizeOf(code)).atOnceKb);
}
record({ group: "minified and compressed", what: "what a page loads", better: "less", bars });
