// Removes from dist, or the folder that is named, what an earlier build compiled there: npm packs all that it finds.
// regstream.wasm stays, which is CMake's.
import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const folder = process.argv[2] ?? fileURLToPath(new URL("dist", import.meta.url));
const files = existsSync(folder) ? readdirSync(folder, { recursive: true, encoding: "utf8" }) : [];
for (const file of files.filter((name) => /\.(js|d\.ts)$/.test(name))) {
  rmSync(join(folder, file));
}
