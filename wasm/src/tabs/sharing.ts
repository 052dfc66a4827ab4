import type { WorkflowStreamOptions } from "../browser/stream_options.js";
import { Vocabulary } from "../core/vocabulary.js";
import type { Workflow } from "../workflow/workflow.js";
import { protocolVersion } from "./messages.js";
import type { Id } from "./messages.js";
import type { ShareAcrossTabs } from "./share_across_tabs.js";

export type TabsStreamOptions<W extends Workflow> = WorkflowStreamOptions<W> & {
  readonly shareAcrossTabs: ShareAcrossTabs;
};

/** Of one stream; the gateway refuses more. */
const idsMax = 100;
/** Of a stream's query (`stream_query_bytes_max`), less what its cursor takes. */
const queryBytesMax = 5_600;

/** How many bytes an address takes for `text`, which is at least what the core makes of it. */
function encodedSize(text: string): number {
  return encodeURIComponent(text).length + 2 * (text.match(/[!'()*]/g)?.length ?? 0);
}

/** Whether one stream can name `ids`, each twice: itself, and that it wants its snapshot. */
export function fitsOneStream(workflow: Workflow, ids: readonly Id[]): boolean {
  const names = encodedSize(workflow.id.member) + "=&snapshot=&".length;
  const size = ids.reduce<number>((sum, id) => sum + names + 2 * encodedSize(String(id)), 0);
  return ids.length <= idsMax && size <= queryBytesMax;
}

/** Why a stream is not one to share; null: it is. */
export function reasonNotToShare<W extends Workflow>(options: TabsStreamOptions<W>): string | null {
  const { headers, shareAcrossTabs, token } = options;
  const isOfSomebody = token !== undefined || headers !== undefined;
  return isOfSomebody && shareAcrossTabs === true
    ? "with `token` or `headers` it has to say whose it is: shareAcrossTabs: { user }"
    : null;
}

/**
 * Of the lock and the channel of all streams that may be one: of the same address, of the same workflow in the same
 * version, and of the same user.
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
