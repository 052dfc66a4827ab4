import { describe, expect, test } from "vitest";

import { temporaryFolder } from "../processes/temporary_folder.ts";
import { readVectors } from "./read_vectors.ts";
import { parseVectors } from "./vector_file.ts";

const title = "# T\n";
const vector = "## V\nWhy.\n";
const stream = "```stream\ndata\\n\n```\n";
const log = '```log\nleft id "" retry none\n```\n';
const whole = title + vector + stream + log;

describe("a vector file", () => {
  test("is read as its README says", () => {
    const text =
      "# T\n\nProse.\n\n## V\n\nWhy.\n\n- limits: id_bytes_max 7, line_bytes_max 8\n- last_event_id: a\\tb\n" +
      "- EventSource: events only, because it is so\n\n```stream\n\\xEF\\0é\\\\\\r\\n\nx\n```\n\n" +
      '```log\nleft id "" retry none\n```\n\n```chromium\nleft id "1" retry none\n```\n\n' +
      '```stream\n```\n\n```log\nleft id "" retry 7\n```\n';
    expect(parseVectors(text, "a.md")).toEqual([
      {
        file: "a.md",
        line: 5,
        heading: "V",
        limits: { idBytesMax: 7, lineBytesMax: 8 },
        lastEventId: "a\tb",
        eventSource: "events only",
        connections: [
          {
            stream: Uint8Array.of(0xef, 0, 0xc3, 0xa9, 0x5c, 0x0d, 0x0a, 0x78),
            log: 'left id "" retry none\n',
            chromiumLog: 'left id "1" retry none\n',
          },
          { stream: new Uint8Array(), log: 'left id "" retry 7\n', chromiumLog: null },
        ],
      },
    ]);
  });

  test.each([
    ["", "a.md:0: no vectors"],
    [title, "a.md:1: no vectors"],
    [vector, "a.md:1: a vector file begins with its title"],
    [`${title}# U\n`, "a.md:2: a second title"],
    [`${title}### V\n`, "a.md:2: a heading that is neither"],
    [whole + vector, "a.md:10: a second vector of this name"],
    [`${whole}## W\nWhy.\n`, "a.md:10: this vector needs a stream block and a log block"],
    [`${title}## V\n${stream}${log}`, "a.md:2: this vector does not say why"],
    [title + vector + stream, "a.md:2: this vector needs"],
    [title + vector + stream + stream, "a.md:7: a block that does not"],
    [title + vector + log, "a.md:4: a block that does not"],
    [title + stream, "a.md:2: a block before the first vector"],
    [`${title}${vector}\`\`\`\n`, "a.md:4: a block that does not"],
    [`${title}${vector}\`\`\`chromium\n`, "a.md:4: a chromium block"],
    [whole + log.replace("log", "chromium"), "a.md:12: a chromium block that differs in nothing"],
    [`${title}${vector}\`\`\`stream\ndata\n`, "a.md:4: this block is not closed"],
    [`${title}${vector}${stream}\`\`\`log\n\`\`\`\n`, "a.md:8: a log ends with"],
    [`${title}${vector}${stream}\`\`\`log\nevent a\n\`\`\`\n`, "a.md:8: not a line of a log"],
    [`${whole}x`, "a.md:10: the last line has no end"],
    ...["\\q\\n", "\\x1g\\n", "\\x1", "\\xef\\n", "\\"].map((line) => [
      `${title}${vector}\`\`\`stream\n\\n\n${line}\n\`\`\`\n`,
      "a.md:6: not an escape",
    ]),
    [`${title}${vector}\`\`\`stream\ndata\n\\n\n\`\`\`\n`, "a.md:5: each line but the last"],
    [`${title}${vector}\`\`\`stream\n\n\`\`\`\n`, "a.md:5: each line but the last"],
    [`${title}x\r\n`, "a.md:2: a control character"],
    [`${title}x\ty\n`, "a.md:2: a control character"],
    [`${title}x\u0085y\n`, "a.md:2: a control character"],
    [`${title}x\u2028y\n`, "a.md:2: a control character"],
    [`${title}\ufeff\n`, "a.md:2: a control character"],
    [`${title}x \n`, "a.md:2: a space at the line's end"],
    [`${title}- limits: id_bytes_max 1\n`, "a.md:2: an attribute stands between"],
    [`${whole}- limits: id_bytes_max 1\n`, "a.md:10: an attribute stands between"],
    ...["bytes_max 1", "id_bytes_max", "id_bytes_max x"].map((value) => [
      `${title}${vector}- limits: ${value}\n`,
      "a.md:4: not a limit",
    ]),
    [`${title}${vector}- last_event_id: \\q\n`, "a.md:4: not an id"],
    [`${title}${vector}- EventSource: not asked, because\n`, "a.md:4: not an attribute"],
    [`${title}${vector}- limit: 1\n`, "a.md:4: not an attribute"],
    [`${title}${vector}- last_event_id: 1\n- last_event_id: 1\n`, "a.md:5: an attribute twice"],
  ])("that is malformed is refused by its line: %j", (text = "", complaint) => {
    expect(() => parseVectors(text, "a.md")).toThrow(complaint);
  });

  test("has to be there", () => {
    expect(() => readVectors(temporaryFolder())).toThrow("no vector files");
  });
});
