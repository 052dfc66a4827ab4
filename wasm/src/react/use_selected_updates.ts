import type { WorkflowSnapshot } from "../browser/stream_options.js";
import type { Workflow } from "../workflow/workflow.js";
import type { UseUpdatesOptions } from "./use_lease.js";
import { useLease } from "./use_lease.js";
import { useSelection } from "./use_selection.js";

export interface UseSelectedUpdatesOptions<W extends Workflow, Selection> extends UseUpdatesOptions<W> {
  /** Whether two selections are equal for the component. Default: `Object.is`. */
  readonly isEqual?: ((one: Selection, other: Selection) => boolean) | undefined;
}

/**
 * Returns what `select` returns for the snapshot of `useUpdates`, and renders only when that changes. `select` and
 * `isEqual` may be new functions each render.
 */
export function useSelectedUpdates<W extends Workflow, Selection>(
  workflow: W,
  select: (snapshot: WorkflowSnapshot<W>) => Selection,
  { isEqual = Object.is, ...options }: UseSelectedUpdatesOptions<W, Selection> = {},
): Selection {
  return useSelection(useLease(workflow, options), select, isEqual);
}
