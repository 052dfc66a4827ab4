import { memo } from "react";

import type { LogEntry } from "../data/model";
import { formatClock, humanise } from "../format";
import { stageTitle } from "./stageTexts";

interface ProcessLogProps {
  readonly entries: readonly LogEntry[];
  readonly isRunning: boolean;
}

/** The log of the last validation. While it runs each line appears as it is written. */
export const ProcessLog = memo(function ProcessLog({ entries, isRunning }: ProcessLogProps) {
  if (entries.length === 0) {
    return (
      <p className="card-empty">
        {isRunning ? "Each line appears here as it is written." : "No validation has run yet."}
      </p>
    );
  }
  return (
    <ol className="log" data-testid="process-log">
      {entries.map(({ stage, stageStatus, message, timestamp }, index) => (
        // Entries are only ever appended, so the index identifies them.
        <Line key={index} stage={stage} stageStatus={stageStatus} message={message} timestamp={timestamp} />
      ))}
    </ol>
  );
});

/** Takes plain values, so that a new line does not render the others again. */
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

/** Without a time (0) the column stays empty. */
function LogTime({ timestamp }: { timestamp: number }) {
  if (timestamp <= 0) return <span className="log-time" />;
  return (
    <time className="log-time" dateTime={new Date(timestamp).toISOString()}>
      {formatClock(timestamp)}
    </time>
  );
}
