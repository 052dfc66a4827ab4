/** "a, b and c" */
export function listed(names: readonly string[], last: "and" | "or"): string {
  const others = names.slice(0, -1).join(", ");
  return `${others}${others === "" ? "" : ` ${last} `}${names.at(-1) ?? ""}`;
}
