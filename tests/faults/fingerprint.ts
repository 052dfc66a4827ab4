/** 32-bit FNV-1a of a text's bytes, in hexadecimal, as in fingerprint.hpp. Also runs in the browser. */
export function fingerprint(text: string): string {
  let hash = 2166136261;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 16777619);
  return (hash >>> 0).toString(16).padStart(8, "0");
}
