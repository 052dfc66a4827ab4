import { useSyncExternalStore } from "react";

import type { WorkflowSnapshot } from "../browser/stream_options.js";
import type { Workflow } from "../workflow/workflow.js";
import type { StreamSwitch, UseUpdatesOptions } from "./use_lease.js";
import { useLease } from "./use_lease.js";

/** The current state of a workflow's instances, and `connect` and `disconnect`. */
export interface Updates<W extends Workflow> extends WorkflowSnapshot<W>, StreamSwitch {}

/**
 * Live updates of one instance of a workflow, of several, or of all. All components share one connection, whatever
 * instances they follow. It closes with the last of them.
 */
export function useUpdates<W extends Workflow>(workflow: W, options: UseUpdatesOptions<W> = {}): Updates<W> {
  const { subscribe, getSnapshot, getServerSnapshot, connect, disconnect } = useLease(workflow, options);
  const snapshot = useSyncExternalStore(subscribe, getSnapshot, getServerSnapshot);
  return { ...snapshot, connect, disconnect };
}
