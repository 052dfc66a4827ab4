import { packageVersion } from "../generated/package_version.js";

/**
 * What a page or process has one of, however many copies of this package it has: as ES modules and as CommonJS, say.
 * Made at the first call. Another version of the package may have given it another shape, and has one of its own.
 */
export function pageWide<T extends object>(name: string, make: () => T): T {
  const key = Symbol.for(`regstream ${packageVersion} ${name}`);
  const all: { [key: symbol]: T | undefined } = globalThis;
  return (all[key] ??= make());
}
