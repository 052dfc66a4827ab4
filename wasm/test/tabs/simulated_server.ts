import type { AnyUpdate, Id, ShardStatus } from "../../src/tabs/messages.js";
import type { Shard } from "../../src/tabs/shard.js";
import type { Advance } from "../../src/tabs/tab_actions.js";
import type { Agenda } from "./simulated_browser.js";

export interface SimulatedUpdate extends AnyUpdate {
  readonly id: string;
  readonly instance: Id;
  readonly sequence: number;
}

/** A view says how many updates were folded into it, up to which. */
export interface SimulatedView {
  readonly last: number;
  readonly count: number;
}

/** A history, and its views of each instance. */
export class SimulatedServer {
  readonly history: SimulatedUpdate[] = [];
  readonly #sequences = new Map<Id, number[]>();
  readonly streams = new Set<SimulatedStream>();

  publish(instance: Id): void {
    const sequence = this.history.length + 1;
    this.history.push({ id: `1-${sequence}`, instance, sequence });
    this.#sequences.set(instance, [...this.#of(instance), sequence]);
    for (const stream of this.streams) {
      stream.publishedUpTo(sequence);
    }
  }

  /** An instance's view after the update `upTo`. */
  view(instance: Id, upTo: number): SimulatedView {
    const sequences = this.#of(instance);
    const count = sequences.filter((sequence) => sequence <= upTo).length;
    return { last: sequences[count - 1] ?? 0, count };
  }

  /** The instance's update after `sequence`; undefined: there is none yet. */
  next(instance: Id, sequence: number): number | undefined {
    return this.#of(instance).find((one) => one > sequence);
  }

  #of(instance: Id): readonly number[] {
    return this.#sequences.get(instance) ?? [];
  }
}

export function parseView(text: string): SimulatedView | null {
  return text === "" ? null : (JSON.parse(text) as SimulatedView);
}

const transport = "eventsource";
const open: ShardStatus = { connection: "open", reason: "accepted", isConnected: true, transport, error: null };
const lost: ShardStatus = { ...open, connection: "waiting", reason: "network_failed", isConnected: false };
const begun: ShardStatus = { ...open, connection: "connecting", reason: "requested", isConnected: false };

/** A tab's stream, by the rules of `WorkflowStream`: it resumes, and requests snapshots of new ids. */
export class SimulatedStream {
  #ids: readonly Id[];
  readonly #covered: Set<Id>;
  readonly #views = new Map<Id, SimulatedView>();
  /** Null: nothing has come yet. */
  #at: number | null;
  #status = begun;
  #connection = 0;
  #arrival = 0;

  constructor(
    private readonly server: SimulatedServer,
    private readonly agenda: Agenda,
    private readonly delay: () => number,
    private readonly enqueue: (at: number, work: () => void) => void,
    private readonly advance: (advance: Advance) => void,
    from: Shard,
    { keepsCursor }: { readonly keepsCursor: boolean },
  ) {
    const cursor = keepsCursor ? (from.cursor ?? "") : "";
    this.#ids = [...from.ids];
    this.#at = cursor === "" ? null : Number(cursor.slice(2));
    this.#covered = new Set(this.#ids.filter((id) => from.covers(id)));
    for (const id of this.#covered) {
      const view = parseView(from.view(id));
      if (view !== null) {
        this.#views.set(id, view);
      }
    }
    this.#connect();
  }

  close(): void {
    this.#connection += 1;
    this.server.streams.delete(this);
  }

  follow(ids: readonly Id[]): void {
    this.#ids = ids;
    for (const id of this.#covered) {
      if (!ids.includes(id)) {
        this.#covered.delete(id);
        this.#views.delete(id);
      }
    }
    this.#connect();
  }

  /** Breaks the connection, which comes back. */
  lose(): void {
    this.#status = lost;
    this.#tell([], []);
    this.#connect();
  }

  publishedUpTo(sequence: number): void {
    const connection = this.#connection;
    this.#enqueue(() => {
      if (connection === this.#connection && this.#status === open) {
        this.#read(sequence);
      }
    });
  }

  #connect(): void {
    this.#connection += 1;
    const connection = this.#connection;
    this.server.streams.delete(this);
    this.agenda.at(this.agenda.now + this.delay() * 5, () => {
      if (connection === this.#connection) {
        this.server.streams.add(this);
        const head = this.server.history.length;
        this.#enqueue(() => {
          if (connection === this.#connection) {
            this.#status = open;
            this.#resume(head);
          }
        });
      }
    });
  }

  #enqueue(work: () => void): void {
    this.#arrival = Math.max(this.#arrival, this.agenda.now + this.delay());
    this.enqueue(this.#arrival, work);
  }

  #resume(head: number): void {
    if (this.#at === null || this.#covered.size === 0) {
      this.#covered.clear();
      this.#at = null;
    }
    const fresh = this.#ids.filter((id) => !this.#covered.has(id));
    fresh.forEach((id) => {
      this.#covered.add(id);
      this.#views.set(id, this.server.view(id, head));
    });
    this.#read(head, fresh);
  }

  #read(upTo: number, fresh: readonly Id[] = []): void {
    const from = this.#at ?? upTo;
    const updates = this.server.history
      .slice(from, upTo)
      .filter(({ instance }) => this.#covered.has(instance) && !fresh.includes(instance));
    for (const { instance, sequence } of updates) {
      this.#views.set(instance, { last: sequence, count: (this.#views.get(instance)?.count ?? 0) + 1 });
    }
    // Only what the stream carries has an id there.
    this.#at = this.#at === null || fresh.length > 0 ? upTo : (updates.at(-1)?.sequence ?? from);
    this.#tell(updates, [...new Set([...fresh, ...updates.map(({ instance }) => instance)])]);
  }

  #tell(updates: readonly SimulatedUpdate[], changed: readonly Id[]): void {
    this.advance({
      cursor: this.#at === null ? "" : `1-${this.#at}`,
      updates,
      views: changed.map((id) => [id, JSON.stringify(this.#views.get(id))] as const),
      resets: 0,
      status: this.#status,
      isCovered: (id) => this.#covered.has(id),
    });
  }
}
