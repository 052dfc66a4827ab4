import type { IdOf, Workflow } from "../workflow/workflow.js";

/** The most ids that one stream may name (`stream_ids_max` of the core; the gateway refuses more). */
export const idsMax = 100;

/** The most bytes of the address that they may take, each id counted twice (`stream_query_bytes_max` of the core). */
export const idsBytesMax = 6 * 1024 - 256;

/** How many of those bytes a valid id takes: in both parameters, as the core encodes it. */
export function idBytes<W extends Workflow>(workflow: W, id: IdOf<W>): number {
  // RFC 3986 encodes some characters that JavaScript leaves as they are.
  const value = encodeURIComponent(String(id)).replace(/[!'()*]/g, "%00").length;
  return `${workflow.id.member}=&snapshot=&`.length + 2 * value;
}
