import type { IdOf, Workflow } from "../workflow/workflow.js";

/** How many ids one stream may name (`stream_ids_max` of the core; the gateway refuses more). */
export const idsMax = 100;

/** How many bytes of its address they may take, each twice (`stream_query_bytes_max` of the core). */
export const idsBytesMax = 6 * 1024 - 256;

/** How many bytes an id that is one of the workflow's kind takes of that: as the core writes it, in both parameters. */
export function idBytes<W extends Workflow>(workflow: W, id: IdOf<W>): number {
  // RFC 3986 has some characters encoded that JavaScript leaves as they are.
  const value = encodeURIComponent(String(id)).replace(/[!'()*]/g, "%00").length;
  return `${workflow.id.member}=&snapshot=&`.length + 2 * value;
}
