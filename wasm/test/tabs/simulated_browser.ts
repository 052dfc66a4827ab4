import type { TabMessage } from "../../src/tabs/messages.js";

/** Numbers from 0 to below 1, the same ones for the same seed (mulberry32). */
export function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Future events, in the order of their time. */
export class Agenda {
  now = 0;
  #order = 0;
  readonly #heap: { readonly at: number; readonly order: number; readonly work: () => void }[] = [];

  at(at: number, work: () => void): void {
    const heap = this.#heap;
    heap.push({ at: Math.max(at, this.now), order: this.#order++, work });
    for (let index = heap.length - 1; index > 0; ) {
      const parent = (index - 1) >> 1;
      if (!this.#isBefore(index, parent)) {
        break;
      }
      this.#swap(index, parent);
      index = parent;
    }
  }

  runUntil(end: number): void {
    for (let next = this.#heap[0]; next !== undefined && next.at <= end; next = this.#heap[0]) {
      this.#take();
      this.now = next.at;
      next.work();
    }
    this.now = end;
  }

  #take(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (heap.length === 0 || last === undefined) {
      return;
    }
    heap[0] = last;
    for (let index = 0; ; ) {
      const left = 2 * index + 1;
      const right = left + 1;
      const child = right < heap.length && this.#isBefore(right, left) ? right : left;
      if (child >= heap.length || !this.#isBefore(child, index)) {
        return;
      }
      this.#swap(index, child);
      index = child;
    }
  }

  #isBefore(one: number, other: number): boolean {
    const [a, b] = [this.#heap[one], this.#heap[other]];
    return a !== undefined && b !== undefined && (a.at === b.at ? a.order < b.order : a.at < b.at);
  }

  #swap(one: number, other: number): void {
    const [a, b] = [this.#heap[one], this.#heap[other]];
    if (a !== undefined && b !== undefined) {
      this.#heap[one] = b;
      this.#heap[other] = a;
    }
  }
}

/** The browser process's state of a tab. */
export interface Client {
  readonly name: string;
  /** Puts a task into the tab's queue, at `at`. */
  enqueue(at: number, work: () => void, isOfLock?: boolean): void;
  granted(attempt: number): void;
  lost(attempt: number): void;
  heard(message: TabMessage): void;
  readonly hasChannel: boolean;
}

interface Hold {
  readonly client: Client;
  readonly attempt: number;
}

/** One lock of the Web Locks API: a queue, which thieves jump. */
export class SimulatedLock {
  holder: Hold | null = null;
  steals = 0;
  #queue: Hold[] = [];

  constructor(
    private readonly agenda: Agenda,
    private readonly delay: () => number,
  ) {}

  request(client: Client, attempt: number, steals: boolean): void {
    if (!steals) {
      this.#queue.push({ client, attempt });
      this.#serve();
      return;
    }
    this.steals += 1;
    const robbed = this.holder;
    if (robbed !== null) {
      robbed.client.enqueue(this.agenda.now + this.delay(), () => robbed.client.lost(robbed.attempt), true);
    }
    this.#grant({ client, attempt });
  }

  release(client: Client, attempt: number): void {
    this.#queue = this.#queue.filter((hold) => hold.client !== client || hold.attempt !== attempt);
    if (this.holder?.client === client && this.holder.attempt === attempt) {
      this.holder = null;
      this.#serve();
    }
  }

  /** The tab has ended. */
  forget(client: Client): void {
    this.#queue = this.#queue.filter((hold) => hold.client !== client);
    if (this.holder?.client === client) {
      this.holder = null;
      this.#serve();
    }
  }

  #serve(): void {
    const next = this.holder === null ? this.#queue.shift() : undefined;
    if (next !== undefined) {
      this.#grant(next);
    }
  }

  #grant(hold: Hold): void {
    this.holder = hold;
    hold.client.enqueue(this.agenda.now + this.delay(), () => hold.client.granted(hold.attempt), true);
  }
}

/** A BroadcastChannel: messages of one tab arrive in order, those of two tabs in any order. */
export class SimulatedChannel {
  readonly #arrivals = new Map<string, number>();

  constructor(
    private readonly agenda: Agenda,
    private readonly delay: () => number,
    private readonly clients: readonly Client[],
  ) {}

  post(from: Client, message: TabMessage): void {
    for (const client of this.clients) {
      if (client !== from && client.hasChannel) {
        const way = `${from.name} ${client.name}`;
        const at = Math.max(this.agenda.now + this.delay(), this.#arrivals.get(way) ?? 0);
        this.#arrivals.set(way, at);
        client.enqueue(at, () => client.heard(message));
      }
    }
  }
}
