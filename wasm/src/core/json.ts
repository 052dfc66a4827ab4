/** Parses JSON as the core does: with U+FFFD for each lone surrogate. */
export function parseJson(json: string): unknown {
  if (!/\\u[dD][89a-fA-F]/.test(json)) {
    return JSON.parse(json);
  }
  const escapes = /\\(?:u[dD][89abAB][\da-fA-F]{2}\\u[dD][c-fC-F][\da-fA-F]{2}|(u[dD][89a-fA-F][\da-fA-F]{2})|[^])/g;
  return JSON.parse(
    json.replace(escapes, (escape, surrogate: string | undefined) => (surrogate === undefined ? escape : "\ufffd")),
  );
}
