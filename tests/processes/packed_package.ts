import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Packs packages of this workspace, named by folder, as npm would publish them. Returns the tarballs' paths. */
export function pack(destination: string, ...folders: readonly string[]): string[] {
  const options = ["pack", "--silent", "--ignore-scripts", "--pack-destination", destination];
  const packed = execFileSync("npm", [...options, ...folders.map((folder) => join(root, folder))], {
    encoding: "utf8",
  });
  return packed
    .trim()
    .split("\n")
    .map((name) => join(destination, basename(name)));
}

/** Installs the packed package in a folder, as an application would, without a registry. Returns its tarball. */
export function installPacked(folder: string, type: "module" | "commonjs" = "module"): Buffer {
  // Dependencies come from this workspace.
  const [tarball = "", ...dependencies] = pack(folder, "wasm", "node_modules/jsonc-parser");
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, type }));
  const options = ["install", "--offline", "--no-audit", "--no-fund", "--ignore-scripts", "--legacy-peer-deps"];
  const files = [tarball, ...dependencies].map((file) => `./${basename(file)}`);
  execFileSync("npm", [...options, ...files], { cwd: folder, stdio: "pipe" });
  return readFileSync(tarball);
}
