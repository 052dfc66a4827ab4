import type { IdOf, Workflow } from "../workflow/workflow.js";

/** How far a stream has come, so that another one, in another tab, can continue. */
export interface StreamPosition<W extends Workflow> {
  /** The cursor that a reconnect resumes from. Empty: no event has come yet. */
  readonly cursor: string;
  /**
   * Whether an instance's updates up to the cursor have been received. Not those of an instance that was added, until
   * its first message.
   */
  isCovered(id: IdOf<W>): boolean;
  /** An instance's view in the form of `ViewReader.toJson`. Empty: no view yet. */
  viewText(id: IdOf<W>): string;
}

/** Joins a stream that serves other tabs to the earlier one and to the tabs. */
export interface StreamRelay<W extends Workflow> {
  readonly start: StreamPosition<W>;
  /** Called after anything that may have changed the state, once listeners have received the updates. */
  settled(position: StreamPosition<W>): void;
}
