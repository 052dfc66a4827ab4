import type { IdOf, Workflow } from "../workflow/workflow.js";

/** What a stream has reached, for another one to go on from: another tab's. */
export interface StreamPosition<W extends Workflow> {
  /** What a reconnect resumes from. Empty: nothing has come yet. */
  readonly cursor: string;
  /** Whether the cursor says how far an instance is known: not of one that was added, until it is heard of. */
  isCovered(id: IdOf<W>): boolean;
  /** An instance's view as `ViewReader.toJson` has it. Empty: nothing is known. */
  viewText(id: IdOf<W>): string;
}

/** What a stream that serves other tabs takes over from an earlier one, and tells. */
export interface StreamRelay<W extends Workflow> {
  readonly start: StreamPosition<W>;
  /** After everything that may have changed something; listeners have heard the updates. */
  settled(position: StreamPosition<W>): void;
}
