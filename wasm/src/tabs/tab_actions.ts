import type { ElectionAction } from "./election.js";
import type { AnyUpdate, Id, ShardStatus, TabMessage } from "./messages.js";
import type { Shard } from "./shard.js";

export interface TabOptions {
  /** The tab's unique name. */
  readonly tab: string;
  /** Whether all tabs follow every instance, and so name none. */
  readonly followsAll: boolean;
  instanceOf(update: AnyUpdate): Id;
  /** Whether one stream can name these ids. */
  fits(ids: readonly Id[]): boolean;
}

/** What a stream of the owner has brought since the last time. */
export interface Advance {
  readonly cursor: string;
  readonly updates: readonly AnyUpdate[];
  readonly views: readonly (readonly [id: Id, text: string])[];
  readonly resets: number;
  readonly status: ShardStatus;
  isCovered(id: Id): boolean;
}

/** What a tab asks its shell to do. */
export type TabAction =
  | Extract<ElectionAction, { readonly kind: "request_lock" | "release_lock" }>
  | { readonly kind: "post"; readonly message: TabMessage }
  /** Opens a stream of the shard's ids, from the shard's position. */
  | { readonly kind: "open"; readonly shard: number; readonly from: Shard }
  | { readonly kind: "follow"; readonly shard: number; readonly ids: readonly Id[] }
  /** Restarts a stream that was closed for good. */
  | { readonly kind: "reconnect"; readonly shard: number }
  | { readonly kind: "close"; readonly shard: number }
  /** An update for the page. */
  | { readonly kind: "update"; readonly update: AnyUpdate };
