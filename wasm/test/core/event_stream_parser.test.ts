import { afterEach, describe, expect, it } from "vitest";

import type { Core } from "../../src/core/core.js";
import type { EventBatch, EventStreamParserOptions } from "../../src/core/event_stream_parser.js";
import { EventStreamParser } from "../../src/core/event_stream_parser.js";
import { primeCore } from "../fakes.js";

const parsers: EventStreamParser[] = [];

async function create(options?: EventStreamParserOptions): Promise<EventStreamParser> {
  const core: Core = await primeCore();
  const parser = new EventStreamParser(core, options);
  parsers.push(parser);
  return parser;
}

afterEach(() => {
  for (const parser of parsers.splice(0)) {
    parser.dispose();
  }
});

const bytes = (text: string) => new TextEncoder().encode(text);

function events(batch: EventBatch): unknown[] {
  return Array.from({ length: batch.length }, (_, index) => ({
    type: batch.type(index),
    data: batch.data(index),
    lastEventId: batch.lastEventId(index),
  }));
}

// The shared vectors show how the parser reads a stream; this tests the package's side.
describe("EventStreamParser", () => {
  it("returns the events that a piece completes, in any script", async () => {
    const parser = await create();
    expect(events(parser.push(bytes("id: 1\nevent: ደረጃ\ndata: é😀\ndata: ok\n\nda")))).toEqual([
      { type: "ደረጃ", data: "é😀\nok", lastEventId: "1" },
    ]);
    expect(events(parser.push(bytes("ta: two\n\ndata: 😀three\n\nid\n")))).toEqual([
      { type: "message", data: "two", lastEventId: "1" },
      { type: "message", data: "😀three", lastEventId: "1" },
    ]);
    expect(events(parser.push(bytes("data:\n\n")))).toEqual([{ type: "message", data: "", lastEventId: "" }]);
    expect(parser.push(new Uint8Array()).length).toBe(0);
  });

  it("slices text correctly at every length around a block's size", async () => {
    const parser = await create();
    for (let length = 0; length < 40; ++length) {
      for (const letter of ["a", "é", "ደ", "😀"]) {
        const data = "x".repeat(length) + letter + "y".repeat(length);
        const batch = parser.push(bytes(`data: ${data}\n\ndata: ${length}\n\n`));
        expect([batch.data(0), batch.data(1)]).toEqual([data, String(length)]);
      }
    }
  });

  it("keeps only the last event id and the reconnection time over a reconnect", async () => {
    const parser = await create({ lastEventId: "7" });
    expect([parser.lastEventId, parser.retry]).toEqual(["7", null]);
    parser.push(bytes("retry: 1500\nid: \uFEFF8\ndata: lost\n\ndata: cut"));
    parser.reconnect();
    expect(events(parser.push(bytes("data: a\n\n")))).toEqual([{ type: "message", data: "a", lastEventId: "\uFEFF8" }]);
    expect([parser.lastEventId, parser.retry]).toEqual(["\uFEFF8", 1500]);
  });

  it("skips events over a limit, reports which and where, and continues", async () => {
    const limits = { lineBytesMax: 40, eventBytesMax: 50, idBytesMax: 8 };
    const parser = await create({ limits });
    const tooMuch: [string, string, number][] = [
      [`data: ${"x".repeat(40)}`, "line_too_long", 41],
      [`data: ${"x".repeat(30)}\n`.repeat(2), "event_too_large", 62],
      ["id: 123456789\ndata: x", "id_too_long", 2],
    ];
    for (const [event, reason, size] of tooMuch) {
      const batch = parser.push(bytes(`id: é1\ndata: before\n\n${event}\n\ndata: after\n\n${event}\n\n`));
      expect(events(batch)).toMatchObject([{ data: "before" }, { data: "after" }]);
      expect(batch.skipped).toEqual([
        { before: 1, reason, bytes: size, lastEventId: "é1" },
        { before: 2, reason, bytes: size, lastEventId: "é1" },
      ]);
      expect(parser.push(bytes("data: later\n\n")).skipped).toEqual([]);
    }
    expect(parser.push(bytes(`id: 9\ndata: ${"x".repeat(40)}\n`)).skipped).toEqual([]);
    const { length, skipped } = parser.push(bytes("\n"));
    expect([length, skipped]).toEqual([0, [{ before: 0, reason: "line_too_long", bytes: 41, lastEventId: "9" }]]);
    expect(parser.lastEventId).toBe("9");
  });

  it("uses no more memory for a larger event", async () => {
    const core = await primeCore();
    const parser = await create();
    parser.push(bytes("id: 7\ndata: "));
    const push = (size: number) => parser.push(new Uint8Array(size).fill(0x78));
    push(5 << 20);
    const before = core.exports.memory.buffer.byteLength;
    push(95 << 20);
    expect(core.exports.memory.buffer.byteLength).toBe(before);
    const { skipped } = parser.push(bytes("\n\n"));
    expect(skipped).toEqual([{ before: 0, reason: "line_too_long", bytes: (100 << 20) + 1, lastEventId: "7" }]);
  });

  it("accepts pieces of any size, with the same result as small ones", async () => {
    const core = await primeCore();
    const parser = await create({ limits: { lineBytesMax: 100, idBytesMax: 8 } });
    const blocks = Array.from({ length: 50_000 }, (_, index) =>
      index % 10_000 === 5_000
        ? `id:s${index}\ndata:${"x".repeat(100)}\n\n`
        : `id:${index}\nevent:${index % 2 === 0 ? "message" : "odd"}\ndata:ደንበኛ ${index}\n\n`,
    );
    const batch = parser.push(bytes(blocks.join("")));
    expect(bytes(blocks.join("")).length).toBeGreaterThan(4 * core.bytesLimit);
    const expected = blocks.flatMap((block, index) =>
      block.startsWith("id:s")
        ? []
        : [{ type: index % 2 === 0 ? "message" : "odd", data: `ደንበኛ ${index}`, lastEventId: String(index) }],
    );
    expect(events(batch)).toEqual(expected);
    expect(batch.skipped).toEqual(
      [5_000, 15_000, 25_000, 35_000, 45_000].map((index, skipped) => ({
        before: index - skipped,
        reason: "line_too_long",
        bytes: 101,
        lastEventId: `s${index}`,
      })),
    );
  });

  it("has room for 15 MB of small events at once", async () => {
    const parser = await create();
    const block = bytes("data\n\n".repeat(50_000));
    const piece = new Uint8Array(block.length * 50);
    for (let begin = 0; begin < piece.length; begin += block.length) {
      piece.set(block, begin);
    }
    expect(parser.push(piece).length).toBe(2_500_000);
  });

  it.each([
    ["events", {}, "data\n\n"],
    ["skipped events", { lineBytesMax: 0 }, "data\n\n"],
  ])("accepts as many small %s as one piece can hold", async (_, limits, block) => {
    const { bytesLimit } = await primeCore();
    const parser = await create({ limits });
    const times = Math.floor(bytesLimit / block.length);
    const { length, skipped } = parser.push(bytes(block.repeat(times)));
    expect(length + skipped.length).toBe(times);
  });

  it("can be disposed of twice; the second call does nothing", async () => {
    const parser = await create();
    parser.dispose();
    parser.dispose();
    expect(parser.push(bytes("data: a\n\n")).length).toBe(0);
    expect([parser.lastEventId, parser.retry]).toEqual(["", null]);
  });
});
