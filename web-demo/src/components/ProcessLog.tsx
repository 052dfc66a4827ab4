import { memo } from "react";

import type { LogEntry } from "../data/model";
import { formatClock, humanise } from "../format";
import { stageTitle } from "./stageTexts";

interface ProcessLogProps {
  readonly entries: readonly LogEntry[];
  readonly isRunning: boolean;
}

/** What the backend noted of the last validation. */
export const ProcessLog = memo(function ProcessLog({ entries, isRunning }: ProcessLogProps) {
  if (isRunning) {
    return <p className="card-empty">The log appears here when the validation has ended.</p>;
  }
  if (entries.length === 0) {
    return <p className="card-empty">No validation has run yet.</p>;
  }
  return (
    <ol className="log" data-testid="process-log">
      {entries.map((entry, index) => (
        // Entries are never inserted or moved, so their place names them.
        <li key={index} className="log-entry" data-result={entry.stageStatus}>
          <time dateTime={new Date(entry.timestamp).toISOString()}>
            {formatClock(entry.timestamp)}
          </time>
          <span className="log-stage">{stageTitle(entry.stage)}</span>
          <span className="log-state">{humanise(entry.stageStatus)}</span>
          <span className="log-message">{entry.message}</span>
        </li>
      ))}
    </ol>
  );
});
