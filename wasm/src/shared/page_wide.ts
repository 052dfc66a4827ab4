import { packageVersion } from "../generated/package_version.js";

/**
 * An object that a page or process has only once, however many copies of this package it loads (as ES modules and as
 * CommonJS, say). The first call makes it. Another version of the package has its own, since its shape may differ.
 */
export function pageWide<T extends object>(name: string, make: () => T): T {
  const key = Symbol.for(`regstream ${packageVersion} ${name}`);
  const all: { [key: symbol]: T | undefined } = globalThis;
  return (all[key] ??= make());
}
