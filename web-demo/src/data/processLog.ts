import type { RegistrationUpdate, RegistrationView } from "regstream";

import { decodeProcessLog } from "./decode";
import { isFinalStatus, isTime, type LogEntry, type Registration } from "./model";

/** A validation has about ten stage updates. This limit is for a publisher that never ends one. */
const entriesMax = 1_000;

/** The stage updates of the newest validation that arrived on the stream. */
export interface StreamLog {
  readonly entries: readonly LogEntry[];
  /** A final status has arrived. The next stage that starts begins another validation. */
  readonly hasEnded: boolean;
}

export const emptyStreamLog: StreamLog = { entries: [], hasEnded: false };

/**
 * Adds an update to the log. Null clears it: updates may have been missed, and the page loads the log again. The
 * backend writes one log entry for each stage update that it publishes, so both logs have the same lines.
 */
export function appendToLog(log: StreamLog, update: RegistrationUpdate | null): StreamLog {
  if (update === null) return emptyStreamLog;
  const { stage, stageStatus = "completed", message = "", timestamp } = update;
  const hasEnded = isFinalStatus(update.status) && stageStatus !== "started";
  if (stage === undefined) return hasEnded ? { ...log, hasEnded } : log;
  const entry: LogEntry = { stage, stageStatus, message, timestamp: isTime(timestamp) ? timestamp : 0 };
  const isNew = log.hasEnded && stageStatus === "started";
  const entries = isNew ? [entry] : [...log.entries, entry].slice(-entriesMax);
  return { entries, hasEnded: hasEnded || (log.hasEnded && !isNew) };
}

function isSame(one: LogEntry, other: LogEntry): boolean {
  return (
    one.stage === other.stage &&
    one.stageStatus === other.stageStatus &&
    one.timestamp === other.timestamp &&
    one.message === other.message
  );
}

/**
 * The log of the newest validation. While it runs: the loaded entries, for a page that was opened during the
 * validation, and then those from the stream. After its end: the final update's own log, if it has one. `live` is null
 * if the stream has brought nothing yet, or nothing since a gap.
 */
export function currentLog(
  registration: Registration,
  live: RegistrationView | null,
  streamLog: StreamLog,
): readonly LogEntry[] {
  if (live === null) return registration.processLog;
  if (live.isFinal) {
    const sent = decodeProcessLog(live.processLog);
    return sent.length > 0 ? sent : streamLog.entries.length > 0 ? streamLog.entries : registration.processLog;
  }
  if (live.stages.length === 0) return registration.processLog;
  const entries = streamLog.hasEnded ? [] : streamLog.entries;
  if (!registration.validating) return entries;
  const loaded = registration.processLog;
  return [...loaded, ...entries.filter((entry) => !loaded.some((known) => isSame(known, entry)))];
}
