import { escapeText } from "./escape.ts";

// The lines of a vector's log, as README.md describes them. Each line of a log ends with LF.

export function eventLine(type: string, data: string, lastEventId: string): string {
  return `event ${escapeText(type).replaceAll(" ", "\\x20")} "${escapeText(data)}" id "${escapeText(lastEventId)}"\n`;
}

export function skippedLine(reason: string, bytes: number, lastEventId: string): string {
  return `skipped ${reason} ${bytes} id "${escapeText(lastEventId)}"\n`;
}

/** `retry` is null if no field has set it. */
export function leftLine(lastEventId: string, retry: number | null): string {
  return `left id "${escapeText(lastEventId)}" retry ${retry ?? "none"}\n`;
}

const eventForm = 'event (\\S+) ".*" id ".*"';
const skippedForm = 'skipped (?:line_too_long|event_too_large|id_too_long) \\d+ id ".*"';
const leftForm = 'left id "(.*)" retry (none|\\d+)';
const line = new RegExp(`^(?:${eventForm}|comment ".*"|retry \\d+|${skippedForm}|${leftForm})$`);

export function isLogLine(text: string): boolean {
  return line.test(text);
}

/** The lines of `log` that begin with one of `kinds`. */
export function linesOf(log: string, ...kinds: readonly string[]): string {
  return log.replace(/.*\n/g, (text) => (kinds.some((kind) => text.startsWith(`${kind} `)) ? text : ""));
}

/** The types of the events in `log`, escaped as there. */
export function typesOf(log: string): string[] {
  return log.split("\n").flatMap((text) => line.exec(text)?.[1] ?? []);
}

/** The last line of `log`: the id, escaped as there, and the reconnection time. */
export function leftBy(log: string): { readonly lastEventId: string; readonly retry: number | null } {
  const [, , lastEventId, retry] = line.exec(log.trimEnd().split("\n").at(-1) ?? "") ?? [];
  if (lastEventId === undefined || retry === undefined) throw new Error(`a log without its last line:\n${log}`);
  return { lastEventId, retry: retry === "none" ? null : Number(retry) };
}
