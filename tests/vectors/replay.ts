import type { EventStreamParser } from "regstream/parser";

import { escapeText } from "./escape.ts";
import { eventLine, leftBy, leftLine, linesOf, skippedLine } from "./log.ts";
import type { ParserVector } from "./vector_file.ts";

/** A new parser with the vector's limits and its last event ID. */
export type OpenParser = (vector: ParserVector) => EventStreamParser;

type Cut = (stream: Uint8Array) => Uint8Array[];

/**
 * Describes the first chunking of the vector's connections for which the parser gives another log; null if there is
 * none. It tries one piece, two pieces split at every point, and pieces of every size.
 */
export function findSplitThatDiffers(open: OpenParser, vector: ParserVector): string | null {
  const longest = Math.max(1, ...vector.connections.map(({ stream }) => stream.length));
  for (let split = 0; split <= longest; split += 1) {
    const inTwo: Cut = (stream) => [stream.subarray(0, split), stream.subarray(split)];
    const difference = differenceBy(inTwo, `split at byte ${split}`, open, vector);
    if (difference !== null) return difference;
  }
  for (let size = 1; size <= longest; size += 1) {
    const difference = differenceBy((stream) => pieces(stream, size), `in pieces of ${size}`, open, vector);
    if (difference !== null) return difference;
  }
  return null;
}

export function pieces(stream: Uint8Array, size: number): Uint8Array[] {
  return Array.from({ length: Math.ceil(stream.length / size) }, (_, index) =>
    stream.subarray(index * size, (index + 1) * size),
  );
}

function differenceBy(cut: Cut, how: string, open: OpenParser, vector: ParserVector): string | null {
  const parser = open(vector);
  try {
    for (const [index, { stream, log }] of vector.connections.entries()) {
      if (index > 0) parser.reconnect();
      const given = logOf(parser, cut(stream));
      const expected = shownBy(log);
      if (given !== expected) {
        const text = escapeText(new TextDecoder().decode(stream));
        return `"${text}" on connection ${index + 1} ${how}\ngave\n${given}instead of\n${expected}`;
      }
    }
    return null;
  } finally {
    parser.dispose();
  }
}

/** The package's parser shows neither comments nor single `retry` fields, and its numbers are JavaScript's. */
function shownBy(log: string): string {
  return linesOf(log, "event", "skipped", "left").replace(/ retry \d+\n$/, ` retry ${leftBy(log).retry}\n`);
}

function logOf(parser: EventStreamParser, chunks: readonly Uint8Array[]): string {
  let log = "";
  for (const chunk of chunks) {
    const events = parser.push(chunk);
    for (let index = 0; index <= events.length; index += 1) {
      for (const { before, reason, bytes, lastEventId } of events.skipped) {
        if (before === index) log += skippedLine(reason, bytes, lastEventId);
      }
      if (index < events.length) log += eventLine(events.type(index), events.data(index), events.lastEventId(index));
    }
  }
  return log + leftLine(parser.lastEventId, parser.retry);
}
