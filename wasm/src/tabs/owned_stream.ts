import type { WorkflowStreamOptions } from "../browser/stream_options.js";
import type { StreamPosition } from "../browser/stream_relay.js";
import { WorkflowStream } from "../browser/workflow_stream.js";
import type { UpdateOf } from "../shared/messages.js";
import type { IdOf, Workflow } from "../workflow/workflow.js";
import type { Shard } from "./shard.js";
import type { Advance } from "./tab_actions.js";

/** A stream that a tab runs for all tabs. It reports what it has brought each time that it settles. */
export class OwnedStream<W extends Workflow> {
  readonly #stream: WorkflowStream<W>;
  readonly #advanced: (advance: Advance) => void;
  #updates: UpdateOf<W>[] = [];
  #views: ReadonlyMap<IdOf<W>, unknown> = new Map();
  #resets = 0;

  /** Continues from the position of `shard`. */
  constructor(workflow: W, options: WorkflowStreamOptions<W>, shard: Shard, advanced: (advance: Advance) => void) {
    const start: StreamPosition<W> = {
      cursor: shard.cursor ?? "",
      isCovered: (id) => shard.covers(id),
      viewText: (id) => shard.view(id),
    };
    this.#advanced = advanced;
    this.#stream = new WorkflowStream(workflow, options, { start, settled: (position) => this.#settled(position) });
    this.#stream.subscribeToUpdates((update) => this.#updates.push(update));
  }

  connect(): void {
    this.#stream.connect();
  }

  follow(ids: readonly IdOf<W>[]): void {
    this.#stream.follow(ids);
  }

  close(): void {
    this.#stream.close();
  }

  #settled({ cursor, isCovered, viewText }: StreamPosition<W>): void {
    const { connection, error, isConnected, reason, resets, transport, views } = this.#stream.getSnapshot();
    const changed = [...views].filter(([id, view]) => this.#views.get(id) !== view);
    const advance: Advance = {
      cursor,
      updates: this.#updates,
      views: changed.map(([id]) => [id, viewText(id)] as const),
      resets: resets - this.#resets,
      status: {
        connection,
        reason,
        isConnected,
        transport,
        error: error && { kind: error.kind, message: error.message },
      },
      isCovered: (id) => isCovered(id as IdOf<W>),
    };
    this.#updates = [];
    this.#views = views;
    this.#resets = resets;
    this.#advanced(advance);
  }
}
