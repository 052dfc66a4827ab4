/** The value at `path` within any `object`; undefined if something on the way is missing. */
export function member(object: unknown, ...path: (string | number)[]): unknown {
  return path.reduce<unknown>(
    (found, name) =>
      typeof found === "object" && found !== null
        ? (found as Readonly<Record<string | number, unknown>>)[name]
        : undefined,
    object,
  );
}

/** Calls a method that `object` may have; undefined if it has none. */
export function callMember(object: unknown, name: string, ...args: unknown[]): unknown {
  const method = typeof object === "object" && object !== null && name in object ? member(object, name) : undefined;
  return typeof method === "function" ? (method.apply(object, args) as unknown) : undefined;
}
