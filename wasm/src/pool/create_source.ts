import type { WorkflowStreamOptions } from "../browser/stream_options.js";
import type { UpdateSource } from "../browser/update_source.js";
import { WorkflowStream } from "../browser/workflow_stream.js";
import type { Workflow } from "../workflow/workflow.js";
import type { EndpointOptions } from "./endpoint.js";
import { LateSource } from "./late_source.js";

/** How a source is opened and what it follows. */
export type SourceOptions<W extends Workflow> = EndpointOptions &
  Pick<WorkflowStreamOptions<W>, "id" | "ids" | "until">;

/** The one place that chooses a page's source of updates: a stream of its own, or one that all tabs share. */
export function createSource<W extends Workflow>(workflow: W, options: SourceOptions<W>): UpdateSource<W> {
  const { shareAcrossTabs, ...own } = options;
  const alone = () => new WorkflowStream(workflow, own);
  if (shareAcrossTabs === undefined) {
    return alone();
  }
  // A page that does not share tabs does not load this code.
  const load = async () => {
    const { TabsStream } = await import("../tabs/tabs_stream.js");
    return new TabsStream(workflow, { ...own, shareAcrossTabs });
  };
  return new LateSource(workflow, load, alone);
}
