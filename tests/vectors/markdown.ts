// Markdown, as far as the documents of this repository use it.

/** A fenced block: ```ts check … ```. */
export interface Block {
  readonly language: string;
  /** The words behind the language. */
  readonly marks: readonly string[];
  readonly text: string;
  /** Of its first line of text, counted from 1. */
  readonly line: number;
}

export interface Link {
  readonly target: string;
  readonly line: number;
}

interface Lines {
  readonly prose: readonly { readonly text: string; readonly line: number }[];
  readonly blocks: readonly Block[];
}

/** Splits a document into fenced blocks and the rest; throws where a block does not end. */
export function splitMarkdown(document: string): Lines {
  const prose: { text: string; line: number }[] = [];
  const blocks: Block[] = [];
  let open: { language: string; marks: readonly string[]; fence: string; line: number; text: string[] } | null = null;
  for (const [index, line] of document.split("\n").entries()) {
    const fence = /^\s*(`{3,}|~{3,})(.*)$/.exec(line);
    if (open !== null) {
      if (fence?.[1]?.startsWith(open.fence) && fence[2]?.trim() === "") {
        blocks.push({ language: open.language, marks: open.marks, text: open.text.join("\n"), line: open.line });
        open = null;
      } else {
        open.text.push(line);
      }
    } else if (fence) {
      const [language = "", ...marks] = (fence[2] ?? "").trim().split(/\s+/);
      open = { language, marks, fence: fence[1] ?? "```", line: index + 2, text: [] };
    } else {
      prose.push({ text: line, line: index + 1 });
    }
  }
  if (open !== null) throw new Error(`line ${open.line - 1}: a fenced block does not end`);
  return { prose, blocks };
}

function withoutCode(text: string): string {
  return text.replace(/(`+)(?!`).*?\1(?!`)/g, (code) => " ".repeat(code.length));
}

/** Links and pictures, `[text](target)`; lines that are indented by four spaces are code. */
export function readLinks(document: string): readonly Link[] {
  return splitMarkdown(document).prose.flatMap(({ text, line }) =>
    /^ {4}(?! *[-*\d])/.test(text)
      ? []
      : [...withoutCode(text).matchAll(/\]\(<?([^()\s<>]*(?:\([^()\s]*\)[^()\s<>]*)*)>?(?:\s+"[^"]*")?\)/g)].map(
          ([, target = ""]) => ({ target, line }),
        ),
  );
}

/** The anchors that GitHub gives to a document's headings. */
export function readAnchors(document: string): ReadonlySet<string> {
  const anchors = new Set<string>();
  for (const { text } of splitMarkdown(document).prose) {
    const heading = /^#{1,6}\s+(.*?)\s*#*$/.exec(text)?.[1];
    if (heading === undefined) continue;
    const name = heading
      .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\p{M}\p{Pc}\s-]/gu, "")
      .replace(/\s/g, "-");
    let anchor = name;
    for (let count = 1; anchors.has(anchor); count += 1) anchor = `${name}-${count}`;
    anchors.add(anchor);
  }
  return anchors;
}

/**
 * Lines of code: in fenced blocks, indented by four spaces, and between backticks. A line that ends with a backslash
 * goes on in the next one.
 */
export function readCode(document: string): readonly { readonly text: string; readonly line: number }[] {
  const { prose, blocks } = splitMarkdown(document);
  const indented = prose.filter(({ text }) => /^ {4}/.test(text));
  const inline = prose.flatMap(({ text, line }) =>
    /^ {4}/.test(text) ? [] : [...text.matchAll(/`([^`]+)`/g)].map(([, code = ""]) => ({ text: code, line })),
  );
  const fenced = blocks.flatMap(({ text, line }) =>
    text.split("\n").map((code, index) => ({ text: code, line: line + index })),
  );
  const joined: { text: string; line: number }[] = [];
  for (const code of [...fenced, ...indented, ...inline]) {
    const last = joined.at(-1);
    if (last?.text.endsWith("\\")) last.text = `${last.text.slice(0, -1)} ${code.text.trim()}`;
    else joined.push({ ...code });
  }
  return joined;
}
