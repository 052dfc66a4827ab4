import type { PlatformMessageEvent } from "../shared/platform.js";
import type { PageLife } from "./page_life.js";
import { browserLife } from "./page_life.js";
import type { Locks } from "./tab_lock.js";

/** The part of a BroadcastChannel that is used. */
export interface Channel {
  onmessage: ((event: PlatformMessageEvent) => unknown) | null;
  postMessage(message: unknown): void;
  close(): void;
}

/** What tabs need to share a stream. */
export interface TabEnvironment {
  readonly locks: Locks;
  readonly life: PageLife;
  openChannel(name: string): Channel;
  /** The calendar's time, in milliseconds since the Unix epoch. */
  time(): number;
  /** A unique name for this tab. */
  createName(): string;
  /** Resolves an address relative to the page. */
  resolve(url: string): string;
}

/** This page's environment, or a text that says why it can't share. */
export function browserEnvironment(): TabEnvironment | string {
  if (typeof document === "undefined") {
    return "this is not a page";
  }
  if (typeof navigator.locks === "undefined") {
    return "the page is not secure (https, or localhost), so it has no Web Locks";
  }
  if (typeof BroadcastChannel === "undefined") {
    return "there is no BroadcastChannel";
  }
  return {
    locks: navigator.locks,
    life: browserLife,
    openChannel: (name) => new BroadcastChannel(name),
    time: () => Date.now(),
    createName: () => crypto.randomUUID(),
    resolve: (url) => new URL(url, document.baseURI).href,
  };
}
