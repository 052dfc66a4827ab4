import { type EventId, parseEventId } from "./event_id.ts";

/** An update's fate, as its publisher knows it. Times are milliseconds since the Unix epoch. */
export interface Publish {
  readonly publisher: string;
  readonly serial: number;
  readonly registrationId: number;
  /** By a plain PUBLISH, which Redis drops if nothing listens: it gets no id and may be lost. */
  readonly isPlain: boolean;
  calledMs: number | null;
  answeredMs: number | null;
  id: EventId | null;
  failure: string | null;
  /** An attempt was given up without an answer, so it may still succeed at any time. */
  hasOpenAttempt: boolean;
}

/** Applies a line of update_publisher.cpp or node_publisher.ts. */
export function applyPublisherLine(line: string, bySerial: ReadonlyMap<number, Publish>): void {
  const [what = "", serial = "", atMs = "", ...rest] = line.split(" ");
  const publish = bySerial.get(Number(serial));
  if (publish === undefined) throw new Error(`not a publisher's line: ${line}`);
  switch (what) {
    case "called":
      publish.calledMs = Number(atMs);
      break;
    case "gave-up":
      publish.hasOpenAttempt = true;
      break;
    case "acknowledged":
      publish.answeredMs = Number(atMs);
      publish.id = rest[0] === "-" ? null : parseEventId(rest[0] ?? "");
      break;
    case "failed":
      publish.answeredMs = Number(atMs);
      publish.failure = rest.join(" ");
      break;
    default:
      throw new Error(`not a publisher's line: ${line}`);
  }
}
