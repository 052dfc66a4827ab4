import { describe, expect, test } from "vitest";

import { regstream } from "../processes/gateway.ts";

/** The lines that `regstream parse` prints for a stream. */
async function parse(
  stream: string | Buffer,
  ...options: string[]
): Promise<{ code: number | null; lines: unknown[]; log: string }> {
  const child = regstream(["parse", ...options], {}, stream);
  const code = await child.exited;
  const log = child.log;
  const lines = log.split("\n").filter((line) => line.startsWith("{"));
  return { code, log, lines: lines.map((line) => JSON.parse(line) as unknown) };
}

describe("regstream parse", () => {
  // A byte order mark, every line end, a comment, an event without a type, one with two data lines, a block with only
  // an id, half an event.
  const stream =
    "\ufeff: hello\r\nid: 7\nevent: stage\rdata: a\r\ndata: b\n\n" +
    "retry: 250\r\ndata:\u00e9\n\nid: 8\n\ndata: never ended";
  const expected = [
    { type: "stage", data: "a\nb", lastEventId: "7" },
    { type: "message", data: "é", lastEventId: "7" },
    { retry: 250, lastEventId: "8" },
  ];

  test.each([[], ["--chunk", "1"], ["--chunk", "2"], ["--chunk", "3"]])(
    "prints every event, however the bytes are cut: %s %s",
    async (...options) => {
      expect(await parse(stream, ...options)).toMatchObject({ code: 0, lines: expected });
    },
  );

  test("prints that a reconnect after an empty stream has nothing to resume from", async () => {
    expect(await parse("")).toMatchObject({ code: 0, lines: [{ retry: null, lastEventId: "" }] });
  });

  test("replaces invalid UTF-8, so that every printed line is JSON", async () => {
    const { lines } = await parse(Buffer.from([...Buffer.from("data: a"), 0xff, 0xc3, ...Buffer.from("b\n\n")]));
    expect(lines[0]).toEqual({ type: "message", data: "a\ufffd\ufffdb", lastEventId: "" });
  });

  test("reports an event over a limit in its place, and continues", async () => {
    const { code, lines } = await parse(
      `data: fine\n\nid: ${"x".repeat(5000)}\ndata: lost\n\nid: 7\ndata: ${"x".repeat(5 << 20)}\n\ndata: fine, too\n\n`,
    );
    expect(code).toBe(0);
    expect(lines).toEqual([
      { type: "message", data: "fine", lastEventId: "" },
      { kind: "skipped", reason: "id_too_long", bytes: 5, lastEventId: "" },
      { kind: "skipped", reason: "line_too_long", bytes: (5 << 20) + 1, lastEventId: "7" },
      { type: "message", data: "fine, too", lastEventId: "7" },
      { retry: null, lastEventId: "7" },
    ]);
  });

  test("refuses a chunk of no bytes", async () => {
    expect((await parse("", "--chunk", "0")).code).toBe(2);
  });
});
