// How vectors write bytes and texts; README.md describes it.

const meanings: Readonly<Record<string, number>> = { n: 0x0a, r: 0x0d, t: 0x09, "0": 0x00, "\\": 0x5c };
const escapes = new Map(Object.entries(meanings).map(([letter, byte]) => [byte, `\\${letter}`]));

/** Returns the bytes that `text` means; null if it has an invalid escape. */
export function unescapeBytes(text: string): Uint8Array | null {
  const bytes: number[] = [];
  for (const [part, letter, hex] of text.matchAll(/\\(?:([nrt0\\])|x([0-9A-F]{2}))|\\|[^\\]+/g)) {
    if (letter !== undefined) bytes.push(meanings[letter] ?? 0);
    else if (hex !== undefined) bytes.push(Number.parseInt(hex, 16));
    else if (part === "\\") return null;
    else bytes.push(...new TextEncoder().encode(part));
  }
  return Uint8Array.from(bytes);
}

/** Invisible characters: control characters, Unicode's line separators, and the byte order mark. */
const hidden = "\\0-\\x1f\\x7f-\\x9f\\u2028\\u2029\\ufeff";
const hiddenAnywhere = new RegExp(`[${hidden}]`);
const toEscape = new RegExp(`[\\\\${hidden}]`, "g");

export function hasHiddenCharacters(text: string): boolean {
  return hiddenAnywhere.test(text);
}

/** `text` with escapes for invisible characters. */
export function escapeText(text: string): string {
  return text.replace(toEscape, (character) =>
    Array.from(
      new TextEncoder().encode(character),
      (byte) => escapes.get(byte) ?? `\\x${byte.toString(16).toUpperCase().padStart(2, "0")}`,
    ).join(""),
  );
}
