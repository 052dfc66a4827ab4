import { escapeText } from "./escape.ts";

// The lines of a vector's log, as README.md has them. A log is a text of lines, each with its LF.

export function eventLine(type: string, data: string, lastEventId: string): string {
  return `event ${escapeText(type).replaceAll(" ", "\\x20")} "${escapeText(data)}" id "${escapeText(lastEventId)}"\n`;
}

export function skippedLine(reason: string, bytes: number, lastEventId: string): string {
  return `skipped ${reason} ${bytes} id "${escapeText(lastEventId)}"\n`;
}

/** `retry` is null where no field has set it. */
export function leftLine(lastEventId: string, retry: number | null): string {
  return `left id "${escapeText(lastEventId)}" retry ${retry ?? "none"}\n`;
}

const lines = [
  'event (\\S+) ".*" id ".*"',
  'comment ".*"',
  "retry \\d+",
  'skipped (?:line_too_long|event_too_large|id_too_long) \\d+ id ".*"',
  'left id "(.*)" retry (none|\\d+)',
];
const line = new RegExp(`^(?:${lines.join("|")})$`);

export function isLogLine(text: string): boolean {
  return line.test(text);
}

/** The lines of `log` that begin with one of `kinds`. */
export function linesOf(log: string, ...kinds: readonly string[]): string {
  return log.replace(/.*\n/g, (text) => (kinds.some((kind) => text.startsWith(`${kind} `)) ? text : ""));
}

/** The types of the events in `log`, as they are escaped there. */
export function typesOf(log: string): string[] {
  return log.split("\n").flatMap((text) => line.exec(text)?.[1] ?? []);
}

/** What the last line of `log` says is left: the id as it is escaped there, and the reconnection time. */
export function leftBy(log: string): { readonly lastEventId: string; readonly retry: number | null } {
  const [, , lastEventId, retry] = line.exec(log.trimEnd().split("\n").at(-1) ?? "") ?? [];
  if (lastEventId === undefined || retry === undefined) throw new Error(`a log without its last line:\n${log}`);
  return { lastEventId, retry: retry === "none" ? null : Number(retry) };
}
