import type { Workflow } from "../workflow/workflow.js";
import type { WorkflowSnapshot } from "./stream_options.js";
import { idleSnapshot } from "./stream_options.js";

/** What is known now: one immutable object, the same until something in it changes. */
export class SnapshotStore<W extends Workflow> {
  #snapshot: WorkflowSnapshot<W> = idleSnapshot<W>();

  get current(): WorkflowSnapshot<W> {
    return this.#snapshot;
  }

  change(change: Partial<WorkflowSnapshot<W>>): void {
    const before = this.#snapshot;
    const next: WorkflowSnapshot<W> = { ...before, ...change };
    const differs = (Object.keys(change) as (keyof WorkflowSnapshot<W>)[]).some((key) => next[key] !== before[key]);
    if (differs) {
      this.#snapshot = Object.freeze(next);
    }
  }
}
