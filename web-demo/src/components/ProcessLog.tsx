import { memo } from "react";

import type { LogEntry } from "../data/model";
import { formatClock, humanise } from "../format";
import { stageTitle } from "./stageTexts";

interface ProcessLogProps {
  readonly entries: readonly LogEntry[];
  readonly isRunning: boolean;
}

/** The last validation's log, line by line as it is written. */
export const ProcessLog = memo(function ProcessLog({ entries, isRunning }: ProcessLogProps) {
  if (entries.length === 0) {
    return (
      <p className="card-empty">
        {isRunning ? "Each line appears here as it is written." : "No validation has run yet."}
      </p>
    );
  }
  return (
    <ol className="log" data-testid="process-log" aria-busy={isRunning}>
      {entries.map(({ stage, stageStatus, message, timestamp }, index) => (
        // Entries are never inserted or moved, so their place names them.
        <Line key={index} stage={stage} stageStatus={stageStatus} message={message} timestamp={timestamp} />
      ))}
    </ol>
  );
});

/** Of plain values: a line that is there is not rendered again when another one comes. */
const Line = memo(function Line({ stage, stageStatus, message, timestamp }: LogEntry) {
  return (
    <li className="log-entry" data-result={stageStatus}>
      <LogTime timestamp={timestamp} />
      <span className="log-stage">{stageTitle(stage)}</span>
      <span className="log-state">{humanise(stageStatus)}</span>
      <span className="log-message">{message}</span>
    </li>
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
