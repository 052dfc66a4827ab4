import { fileURLToPath } from "node:url";

/** The path of a benchmark program. REGSTREAM_BENCH_PROGRAMS names another folder with them. */
export function benchProgram(name: string): string {
  const folder = process.env.REGSTREAM_BENCH_PROGRAMS;
  return folder === undefined
    ? fileURLToPath(new URL(`../../build/bin/${name}`, import.meta.url))
    : `${folder}/${name}`;
}
