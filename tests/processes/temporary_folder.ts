import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const folders = new Set<string>();

/** Makes a new folder, which `removeTemporaryFolders` removes with its content. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "regstream-"));
  folders.add(folder);
  return folder;
}

export function removeTemporaryFolders(): void {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  folders.clear();
}
