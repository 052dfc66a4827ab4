import type { WorkflowStreamOptions } from "../browser/stream_options.js";
import type { UpdateSource } from "../browser/update_source.js";
import { WorkflowStream } from "../browser/workflow_stream.js";
import type { Workflow } from "../workflow/workflow.js";
import type { EndpointOptions } from "./endpoint.js";

/** How a source is opened, and whom it follows. */
export type SourceOptions<W extends Workflow> = EndpointOptions &
  Pick<WorkflowStreamOptions<W>, "id" | "ids" | "until">;

/** The one place that knows what brings a page its updates: a stream of its own, or one that all tabs share. */
export function createSource<W extends Workflow>(workflow: W, options: SourceOptions<W>): UpdateSource<W> {
  // A `TabsStream` goes here, where `shareAcrossTabs` is set.
  const { shareAcrossTabs: _shareAcrossTabs, ...own } = options;
  return new WorkflowStream(workflow, own);
}
