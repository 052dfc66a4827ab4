/**
 * The environment's types in public declarations. A program may be compiled without the DOM's declarations and without
 * Node's: each type is then the part of it that this package uses.
 */

type Known<Name extends string, Otherwise> =
  typeof globalThis extends Record<Name, { readonly prototype: infer T }> ? T : Otherwise;

type KnownFetch = typeof globalThis extends { readonly fetch: infer T extends (...args: never) => unknown }
  ? T
  : (url: string, init?: object) => Promise<object>;

export type PlatformUrl = Known<"URL", { readonly href: string }>;
export type PlatformEvent = Known<"Event", object>;
export type PlatformMessageEvent = Known<"MessageEvent", { readonly data: unknown; readonly lastEventId: string }>;
export type PlatformHeaders = Known<"Headers", { set(name: string, value: string): void }>;
export type PlatformHeadersInit = [string, string][] | Record<string, string> | Known<"Headers", never>;
export type PlatformRequestInit = NonNullable<Parameters<KnownFetch>[1]>;
export type PlatformResponse = Awaited<ReturnType<KnownFetch>>;

/** When `fetch` sends cookies. */
export type Credentials = "include" | "omit" | "same-origin";
