import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const guide = readFileSync(fileURLToPath(new URL("../../docs/package/bundlers.md", import.meta.url)), "utf8");

/** The gateway's address in the document. */
const documentedGateway = "http://127.0.0.1:8080";

/**
 * A file shown in a section of docs/package/bundlers.md, with this gateway's address. The file's first line names it.
 */
export function documentedFile(section: string, name: string, gateway: string): string {
  const text = guide.split(/^## /m).find((part) => part.startsWith(`${section}\n`)) ?? "";
  for (const [, file, body = ""] of text.matchAll(/^```\w+\n(?:\/\/|<!--) (\S+)(?: -->)?\n(.*?)^```$/gms)) {
    if (file === name) return body.replaceAll(documentedGateway, gateway);
  }
  throw new Error(`docs/package/bundlers.md shows no ${name} in its section ${section}`);
}
