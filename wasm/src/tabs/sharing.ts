import type { WorkflowStreamOptions } from "../browser/stream_options.js";
import { Vocabulary } from "../core/vocabulary.js";
import type { Workflow } from "../workflow/workflow.js";
import { protocolVersion } from "./messages.js";
import type { Id } from "./messages.js";
import type { ShareAcrossTabs } from "./share_across_tabs.js";

export type TabsStreamOptions<W extends Workflow> = WorkflowStreamOptions<W> & {
  readonly shareAcrossTabs: ShareAcrossTabs;
};

/** The most ids of one stream; the gateway refuses more. */
const idsMax = 100;
/** The most bytes of a stream's query (`stream_query_bytes_max`), less room for its cursor. */
const queryBytesMax = 5_600;

/** How many bytes `text` takes in an address: at least as many as the core needs. */
function encodedSize(text: string): number {
  return encodeURIComponent(text).length + 2 * (text.match(/[!'()*]/g)?.length ?? 0);
}

/** Whether one stream can name `ids`, each twice: to follow it, and to ask for its snapshot. */
export function fitsOneStream(workflow: Workflow, ids: readonly Id[]): boolean {
  const names = encodedSize(workflow.id.member) + "=&snapshot=&".length;
  const size = ids.reduce<number>((sum, id) => sum + names + 2 * encodedSize(String(id)), 0);
  return ids.length <= idsMax && size <= queryBytesMax;
}

/** Why a stream can't be shared; null: it can. */
export function reasonNotToShare<W extends Workflow>(options: TabsStreamOptions<W>): string | null {
  const { headers, shareAcrossTabs, token } = options;
  const isOfSomebody = token !== undefined || headers !== undefined;
  return isOfSomebody && shareAcrossTabs === true
    ? "a stream with `token` or `headers` needs shareAcrossTabs: { user }"
    : null;
}

/**
 * The name of the lock and the channel. Streams share it if address, workflow (in the same version), user and the
 * options of the connection are the same.
 */
export function sharedName<W extends Workflow>(
  workflow: W,
  options: TabsStreamOptions<W>,
  resolve: (url: string) => string,
): string {
  const { credentials = "same-origin", id, ids, policy, shareAcrossTabs, transport, url } = options;
  const subject = id === undefined && ids === undefined ? "all" : "some";
  const user = shareAcrossTabs === true ? [] : [shareAcrossTabs.user];
  const address = resolve(url ?? workflow.paths.stream);
  const words = new Vocabulary(workflow).text;
  const parts = [workflow.name, words, address, subject, credentials, transport, policy, ...user];
  return `regstream ${protocolVersion} ${JSON.stringify(parts)}`;
}
