import type { Workflow } from "../workflow/workflow.js";
import type { WorkflowSnapshot } from "./stream_options.js";
import { idleSnapshot } from "./stream_options.js";

type Views<W extends Workflow> = Pick<WorkflowSnapshot<W>, "view" | "views">;

/** The stream's current state. Snapshots and views are made when they are read, perhaps once for many changes. */
export class SnapshotStore<W extends Workflow> {
  readonly #lookAtViews: (() => Views<W>) | null;
  readonly #fields: WorkflowSnapshot<W> = { ...idleSnapshot<W>() };
  #snapshot: WorkflowSnapshot<W> | null = idleSnapshot<W>();
  #haveViewsChanged = false;
  #version = 0;

  /** Null: views are set by `change`, as everything else. */
  constructor(lookAtViews: (() => Views<W>) | null) {
    this.#lookAtViews = lookAtViews;
  }

  /** One immutable object, the same until something in it changes. */
  get current(): WorkflowSnapshot<W> {
    if (this.#haveViewsChanged && this.#lookAtViews !== null) {
      this.#haveViewsChanged = false;
      const { view, views } = this.#lookAtViews();
      this.change({ view, views });
    }
    this.#snapshot ??= Object.freeze({ ...this.#fields });
    return this.#snapshot;
  }

  /** The current values, except views, without making a snapshot. Don't keep this object: it changes. */
  get fields(): Omit<WorkflowSnapshot<W>, keyof Views<W>> {
    return this.#fields;
  }

  /** Counts changes, including views that may have changed. */
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

  /** Marks views as perhaps changed. They are computed when they are next read. */
  viewsMayHaveChanged(): void {
    if (this.#lookAtViews !== null) {
      this.#haveViewsChanged = true;
      this.#version += 1;
    }
  }
}
