import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { type ParserVector, parseVectors } from "./vector_file.ts";

/** Returns the vectors of every file beside this one. Throws if a file is malformed, or if there is none. */
export function readVectors(folder = fileURLToPath(new URL(".", import.meta.url))): ParserVector[] {
  const files = readdirSync(folder).filter((name) => name.endsWith(".md") && name !== "README.md");
  if (files.length === 0) throw new Error(`${folder}: no vector files`);
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  return files.sort().flatMap((file) => parseVectors(decoder.decode(readFileSync(join(folder, file))), file));
}

/** `vectors`, each with the name of its test: its file and line, and its heading. */
export function named(vectors: readonly ParserVector[]): [string, ParserVector][] {
  return vectors.map((vector) => [`${vector.file}:${vector.line}: ${vector.heading}`, vector]);
}
