export type Row = readonly (string | number)[];

/** A Markdown table that is also readable in a terminal. */
export function table(head: Row, rows: readonly Row[]): string {
  const texts = [head, head.map((_, index) => (index === 0 ? "---" : "---:")), ...rows].map((row) => row.map(String));
  const widths = head.map((_, index) => Math.max(...texts.map((row) => (row[index] ?? "").length)));
  const padded = (cell: string, index: number): string =>
    index === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[index] ?? 0);
  return texts.map((row) => `| ${row.map(padded).join(" | ")} |`).join("\n");
}

export function seconds(ms: number | null): string {
  return ms === null ? "" : (ms / 1_000).toFixed(ms < 9_950 ? 2 : 1);
}
