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
          <LogTime timestamp={entry.timestamp} />
          <span className="log-stage">{stageTitle(entry.stage)}</span>
          <span className="log-state">{humanise(entry.stageStatus)}</span>
          <span className="log-message">{entry.message}</span>
        </li>
      ))}
    </ol>
  );
});

/** Empty where the entry has no time, which is written as 0; its place stays. */
function LogTime({ timestamp }: { timestamp: number }) {
  if (timestamp <= 0) return <span className="log-time" />;
  return (
    <time className="log-time" dateTime={new Date(timestamp).toISOString()}>
      {formatClock(timestamp)}
    </time>
  );
}
