/**
 * The messages of tabs on their channel. Any script of the origin may post there: anything else, also a message of
 * another version, is ignored.
 */

import type { ConnectionState } from "../core/connection.js";
import { connectionStates } from "../core/connection.js";
import type { ConnectionReason, WorkflowSnapshot } from "../browser/stream_options.js";
import type { StreamErrorKind } from "../core/errors.js";
import type { Workflow } from "../workflow/workflow.js";
import type { Term } from "./election.js";

/** Part of the channel's and the lock's names: tabs of different versions share nothing. */
export const protocolVersion = 1;

/** More streams than browsers have connections for. */
const shardsMax = 64;

export type Id = number | string;

/** The part of an update that matters here; the rest is the page's. */
export interface AnyUpdate {
  readonly id?: string;
}

/** The state of one of the owner's streams. */
export interface ShardStatus {
  readonly connection: ConnectionState;
  readonly reason: ConnectionReason;
  readonly isConnected: boolean;
  /** What reads it in the owner's tab. */
  readonly transport: WorkflowSnapshot<Workflow>["transport"];
  readonly error: { readonly kind: StreamErrorKind; readonly message: string } | null;
}

/** One stream of the owner. It needs several if one can't name all ids. */
export interface ShardReport {
  /** Empty: no stream, or one of every instance. */
  readonly ids: readonly Id[];
  /** The instances whose updates up to the cursor have been received: not a new one until its first message. */
  readonly covered: readonly Id[];
  readonly cursor: string;
  readonly status: ShardStatus;
}

/** What a stream has brought between two cursors. */
export interface Batch {
  /** Null: the receiver begins here. */
  readonly after: string | null;
  readonly upTo: string;
  readonly updates: readonly AnyUpdate[];
  /** The views that have changed, in the form of `ViewReader.toJson`. */
  readonly views: readonly (readonly [id: Id, text: string])[];
  /** The instances that this batch adds to the covered ones: their updates up to `upTo` are included. */
  readonly covered: readonly Id[];
  /** How often updates may have been missed in it. */
  readonly resets: number;
}

/** How far a tab has followed one of the owner's streams; null: not at all. */
export type ShardPlace = Pick<Batch, "covered"> & { readonly cursor: string | null };

export type TabMessage =
  /**
   * "I follow these ids, and am this far in each stream." The owner answers with what the tab lacks, and its status.
   */
  | {
      readonly kind: "hello";
      readonly tab: string;
      readonly ids: readonly Id[];
      readonly places: readonly ShardPlace[];
      /** Whether streams that were closed for good should start again. */
      readonly reconnects: boolean;
    }
  | { readonly kind: "bye"; readonly tab: string }
  /** From the owner. With `calls` every tab answers with hello. */
  | { readonly kind: "status"; readonly term: Term; readonly shards: readonly ShardReport[]; readonly calls: boolean }
  /** From the owner; `tab` null: for all tabs. */
  | {
      readonly kind: "batch";
      readonly term: Term;
      readonly tab: string | null;
      readonly shard: number;
      readonly batch: Batch;
    };

type Fields = Readonly<Record<string, unknown>>;
type Check = (value: unknown) => boolean;

const isText: Check = (value) => typeof value === "string";
const isFlag: Check = (value) => typeof value === "boolean";
const isCount: Check = (value) => typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
const isShard: Check = (value) => isCount(value) && (value as number) < shardsMax;
const isId: Check = (value) => typeof value === "string" || typeof value === "number";
const orNull =
  (check: Check): Check =>
  (value) =>
    value === null || check(value);
const list =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check);
const object = (checks: Readonly<Record<string, Check>>): Check => {
  const entries = Object.entries(checks);
  return (value) =>
    typeof value === "object" && value !== null && entries.every(([key, check]) => check((value as Fields)[key]));
};

const isTerm = object({ began: isCount, tab: isText });
const isUpdate = object({ id: (value) => value === undefined || isText(value) });
const isView: Check = (value) => Array.isArray(value) && value.length === 2 && isId(value[0]) && isText(value[1]);
const transports: readonly unknown[] = ["eventsource", "fetch", "polling", null] satisfies ShardStatus["transport"][];
const isStatus = object({
  connection: (value) => (connectionStates as readonly unknown[]).includes(value),
  reason: isText,
  isConnected: isFlag,
  transport: (value) => transports.includes(value),
  error: orNull(object({ kind: isText, message: isText })),
});
const isReport = object({ ids: list(isId), covered: list(isId), cursor: isText, status: isStatus });
const isPlace = object({ cursor: orNull(isText), covered: list(isId) });
const isBatch = object({
  after: orNull(isText),
  upTo: isText,
  updates: list(isUpdate),
  views: list(isView),
  covered: list(isId),
  resets: isCount,
});

const messages: Readonly<Record<string, Check>> = {
  hello: object({ tab: isText, ids: list(isId), places: list(isPlace), reconnects: isFlag }),
  bye: object({ tab: isText }),
  status: object({ term: isTerm, shards: list(isReport), calls: isFlag }),
  batch: object({ term: isTerm, tab: orNull(isText), shard: isShard, batch: isBatch }),
};

/** Wraps a message for the channel. */
export function envelope(message: TabMessage): unknown {
  return { regstream: protocolVersion, message };
}

/** Reads what was posted; null unless it is a message of this version. */
export function readEnvelope(data: unknown): TabMessage | null {
  if (typeof data !== "object" || data === null || (data as Fields)["regstream"] !== protocolVersion) {
    return null;
  }
  const message = (data as Fields)["message"];
  const kind = typeof message === "object" && message !== null ? (message as Fields)["kind"] : undefined;
  const isMessage = typeof kind === "string" && Object.hasOwn(messages, kind) && messages[kind]?.(message) === true;
  return isMessage ? (message as TabMessage) : null;
}
