import { hasHiddenCharacters, unescapeBytes } from "./escape.ts";
import { isLogLine } from "./log.ts";

/** The bytes of one connection, and the parser's log. */
export interface Connection {
  readonly stream: Uint8Array;
  readonly log: string;
  /** The log of Chromium's EventSource, if it differs. */
  readonly chromiumLog: string | null;
}

export interface ParserLimits {
  readonly lineBytesMax?: number;
  readonly eventBytesMax?: number;
  readonly idBytesMax?: number;
}

export interface ParserVector {
  /** The file's name, without a folder. */
  readonly file: string;
  readonly line: number;
  readonly heading: string;
  readonly limits: ParserLimits;
  /** The parser's last event ID at the start. */
  readonly lastEventId: string;
  /** How much Chromium's EventSource can be asked; the file gives the reason. */
  readonly eventSource: "everything" | "events only" | "not asked";
  readonly connections: readonly Connection[];
}

interface Block {
  readonly kind: string;
  readonly line: number;
  readonly lines: string[];
}

type Writable<T> = { -readonly [Name in keyof T]: T[Name] };

type Draft = Writable<Omit<ParserVector, "connections">> & {
  readonly connections: Writable<Connection>[];
  hasProse: boolean;
  readonly attributes: Set<string>;
};

const fence = "```";
const limitNames = {
  line_bytes_max: "lineBytesMax",
  event_bytes_max: "eventBytesMax",
  id_bytes_max: "idBytesMax",
} as const;

/** Reads one file line by line. A mistake throws. */
class Reader {
  private line = 0;
  private readonly vectors: Draft[] = [];
  private block: Block | null = null;

  constructor(private readonly file: string) {}

  read(text: string): ParserVector[] {
    const lines = text.split("\n");
    const rest = lines.pop();
    if (rest !== "") this.fail("the last line has no end", lines.length + 1);
    for (const line of lines) {
      this.line += 1;
      this.take(line);
    }
    if (this.block !== null) this.fail("this block is not closed", this.block.line);
    this.endVector();
    if (this.vectors.length === 0) this.fail("no vectors");
    return this.vectors.map(({ hasProse: _, attributes: __, ...vector }) => vector);
  }

  private fail(what: string, line = this.line): never {
    throw new Error(`${this.file}:${line}: ${what}`);
  }

  private take(line: string): void {
    if (hasHiddenCharacters(line)) this.fail("a control character, which nobody sees: write its escape");
    if (line.endsWith(" ")) this.fail("a space at the line's end, which nobody sees: write \\x20");
    if (this.block !== null) {
      if (line === fence) this.endBlock(this.block);
      else this.block.lines.push(line);
    } else if (line.startsWith("# ")) {
      if (this.line !== 1) this.fail("a second title");
    } else if (this.line === 1) {
      this.fail("a vector file begins with its title: # Title");
    } else if (line.startsWith("## ")) {
      this.beginVector(line.slice(3));
    } else if (line.startsWith("#")) {
      this.fail("a heading that is neither # nor ##");
    } else if (line.startsWith(fence)) {
      this.beginBlock(line.slice(fence.length));
    } else if (line.startsWith("- ")) {
      this.takeAttribute(line.slice(2));
    } else if (line !== "") {
      const vector = this.vectors.at(-1);
      if (vector) vector.hasProse = true;
    }
  }

  private beginVector(heading: string): void {
    this.endVector();
    if (this.vectors.some((vector) => vector.heading === heading)) this.fail("a second vector of this name");
    this.vectors.push({
      file: this.file,
      line: this.line,
      heading,
      limits: {},
      lastEventId: "",
      eventSource: "everything",
      connections: [],
      hasProse: false,
      attributes: new Set(),
    });
  }

  private endVector(): void {
    const vector = this.vectors.at(-1);
    if (vector === undefined) return;
    if (!vector.hasProse) this.fail("this vector does not say why it is here", vector.line);
    if (!vector.connections.at(-1)?.log)
      this.fail("this vector needs a stream block and a log block behind it", vector.line);
  }

  private beginBlock(kind: string): void {
    const vector = this.vectors.at(-1);
    if (vector === undefined) this.fail("a block before the first vector");
    const connection = vector.connections.at(-1);
    const wantsLog = connection?.log === "";
    if (kind === "stream" ? wantsLog : kind === "log" ? !wantsLog : kind !== "chromium") {
      this.fail(`a block that does not belong here: ${kind}`);
    }
    if (kind === "chromium" && (wantsLog || connection?.chromiumLog !== null)) {
      this.fail("a chromium block stands behind its connection's log, and once");
    }
    this.block = { kind, line: this.line, lines: [] };
  }

  private endBlock(block: Block): void {
    this.block = null;
    const connections = this.vectors.at(-1)?.connections ?? [];
    if (block.kind === "stream") {
      connections.push({ stream: this.streamOf(block), log: "", chromiumLog: null });
      return;
    }
    block.lines.forEach((line, index) => {
      if (!isLogLine(line)) this.fail("not a line of a log", block.line + 1 + index);
    });
    if (
      block.lines.findIndex((line) => line.startsWith("left ")) !== block.lines.length - 1 ||
      block.lines.length === 0
    ) {
      this.fail("a log ends with its line `left`");
    }
    const connection = connections.at(-1);
    if (connection === undefined) return;
    const log = block.lines.map((line) => `${line}\n`).join("");
    if (block.kind === "log") {
      connection.log = log;
    } else {
      if (log === connection.log) this.fail("a chromium block that differs in nothing");
      connection.chromiumLog = log;
    }
  }

  private streamOf(block: Block): Uint8Array {
    const parts = block.lines.map((text, index) => {
      const bytes = unescapeBytes(text);
      const line = block.line + 1 + index;
      if (bytes === null) this.fail("not an escape; there are \\n \\r \\t \\0 \\\\ \\xHH", line);
      const hasLineEnd = bytes.at(-1) === 0x0a || bytes.at(-1) === 0x0d;
      if (!hasLineEnd && (text === "" || index + 1 < block.lines.length)) {
        this.fail("each line but the last ends with \\n, \\r or \\r\\n", line);
      }
      return bytes;
    });
    return Uint8Array.from(parts.flatMap((part) => [...part]));
  }

  private takeAttribute(attribute: string): void {
    const vector = this.vectors.at(-1);
    if (vector === undefined || vector.connections.length > 0) {
      this.fail("an attribute stands between its vector's heading and the first block");
    }
    const [, name = "", value = ""] = /^(\w+): (.+)$/.exec(attribute) ?? [];
    if (vector.attributes.has(name)) this.fail(`an attribute twice: ${name}`);
    vector.attributes.add(name);
    const [, eventSource] = /^(not asked|events only), because ./.exec(value) ?? [];
    if (name === "limits") {
      vector.limits = this.limitsOf(value);
    } else if (name === "last_event_id") {
      const id = unescapeBytes(value);
      if (id === null) this.fail(`not an id: ${value}`);
      vector.lastEventId = new TextDecoder().decode(id);
    } else if (name === "EventSource" && eventSource !== undefined) {
      vector.eventSource = eventSource as Draft["eventSource"];
    } else {
      this.fail(`not an attribute: ${attribute}`);
    }
  }

  private limitsOf(value: string): ParserLimits {
    const parts = value.split(", ").map((part) => {
      const [, name, bytes] = /^(line_bytes_max|event_bytes_max|id_bytes_max) (\d+)$/.exec(part) ?? [];
      if (name === undefined) this.fail(`not a limit: ${part}`);
      return [limitNames[name as keyof typeof limitNames], Number(bytes)] as const;
    });
    return Object.fromEntries(parts);
  }
}

/** Returns the vectors of one file. Throws an error that begins with `file:line: ` if the text is not a vector file. */
export function parseVectors(text: string, file: string): ParserVector[] {
  return new Reader(file).read(text);
}
