import type { Workflow } from "../workflow/workflow.js";
import type { WorkflowSnapshot } from "./stream_options.js";
import { idleSnapshot } from "./stream_options.js";

/** What is known now. Snapshots of it are made when somebody looks, which may be once for many changes. */
export class SnapshotStore<W extends Workflow> {
  readonly #fields: WorkflowSnapshot<W> = { ...idleSnapshot<W>() };
  #snapshot: WorkflowSnapshot<W> | null = idleSnapshot<W>();
  #version = 0;

  /** One immutable object, the same until something in it changes. */
  get current(): WorkflowSnapshot<W> {
    this.#snapshot ??= Object.freeze({ ...this.#fields });
    return this.#snapshot;
  }

  /** The same as it is at this moment, without a snapshot of it: don't keep it. */
  get fields(): WorkflowSnapshot<W> {
    return this.#fields;
  }

  /** Counts changes. */
  get version(): number {
    return this.#version;
  }

  change(change: Partial<WorkflowSnapshot<W>>): void {
    const keys = Object.keys(change) as (keyof WorkflowSnapshot<W>)[];
    if (keys.some((key) => change[key] !== this.#fields[key])) {
      Object.assign(this.#fields, change);
      this.#snapshot = null;
      this.#version += 1;
    }
  }
}
