import type { EventSourceConstructor } from "../browser/event_source_transport.js";
import { bindMembers } from "../shared/bind_members.js";
import type { StageView, UpdateOf, ViewOf } from "../shared/messages.js";
import type { IdOf, Workflow } from "../workflow/workflow.js";
import { isFinalStatus } from "../workflow/workflow.js";
import type { FakeClock } from "./fake_clock.js";
import type { FakeEventSource, FakeNetwork } from "./fake_event_source.js";
import { createNetwork } from "./fake_event_source.js";

/** When the fake history began, and the fake clock's zero. */
const epochMs = 1_702_493_000_000;

/** A request is due within microtasks, or a render: this long is a mistake in the test. */
const requestWaitMs = 1_000;

/** An answer waits for the stream's module, which is there already: its promises take fewer turns than this. */
const turnsMax = 10;

/** Lets what has been promised happen, without a timer: a test may have replaced those. */
async function settlePromises(): Promise<void> {
  for (let turn = 0; turn < turnsMax; ++turn) {
    await Promise.resolve();
  }
}

/** What a test gives of an update: the fake fills in the id, the time, and the status of a stage update. */
export type FakeUpdate<W extends Workflow> = Partial<UpdateOf<W>>;

/** What a test gives of a view, as the page sees it. Only the status has to be there. */
export type FakeView<W extends Workflow> = Partial<Omit<ViewOf<W>, "stages">> & {
  readonly stages?: readonly (Pick<StageView, "name" | "status"> & Partial<StageView>)[];
};

function queryOf({ url }: FakeEventSource): URLSearchParams {
  return new URL(url, "http://localhost").searchParams;
}

/** The gateway's side of a stream, played by the test. What it sends is what the gateway would send. */
export class FakeServer<W extends Workflow> {
  readonly eventSource: EventSourceConstructor;
  readonly #workflow: W;
  readonly #id: IdOf<W> | undefined;
  readonly #clock: FakeClock;
  readonly #network: FakeNetwork;
  #sequence = 0;
  #onRequest: () => void = () => {};

  constructor(workflow: W, id: IdOf<W> | undefined, clock: FakeClock) {
    this.#workflow = workflow;
    this.#id = id;
    this.#clock = clock;
    this.#network = createNetwork(() => this.#onRequest());
    this.eventSource = this.#network.EventSource;
    bindMembers(this);
  }

  /** The addresses that streams have asked for so far, in order. */
  get requests(): readonly string[] {
    return this.#network.sources.map(({ url }) => url);
  }

  /** Whether a stream is open. */
  get isOpen(): boolean {
    return this.#open.length > 0;
  }

  /**
   * Accepts the stream's request, and sends `connected`: at once where it has asked, or as soon as it asks. Rejects
   * where it does not ask within a second.
   */
  open(): Promise<void> {
    return this.#answer("open", (source) => {
      source.accept();
      source.send({ type: "connected", timestamp: this.#now() }, this.#cursor());
    });
  }

  /** Answers the stream's request, like `open`, with a status that is no stream: 401, say. */
  refuse(status: number): Promise<void> {
    return this.#answer("refuse", (source) => source.refuse(status));
  }

  /**
   * Sends an update to the streams that follow its instance, by default the fake's own. Without a `status` it is that
   * of a stage update. A stream with `until: "final"` ends behind a final one.
   */
  update(update: FakeUpdate<W>): void {
    const { stageUpdateStatus, id } = this.#workflow;
    this.#sequence += 1;
    const data = {
      [id.member]: this.#id,
      status: stageUpdateStatus,
      timestamp: this.#now(),
      id: this.#cursor(),
      ...update,
    };
    const sources = this.#following("update", data);
    for (const source of sources) {
      source.send({ type: "update", data }, this.#cursor());
      if (queryOf(source).has("until") && isFinalStatus(this.#workflow, String(data.status))) {
        source.send({ type: "end", id: this.#cursor(), timestamp: this.#now() }, `${this.#cursor()}-end`);
        source.lose();
      }
    }
  }

  /** Sends what is known of an instance whole, as the gateway does to a stream that comes late. */
  snapshot({ stages = [], ...view }: FakeView<W>): void {
    const data = {
      [this.#workflow.id.member]: this.#id,
      status: this.#workflow.stageUpdateStatus,
      timestamp: this.#now(),
      id: this.#cursor(),
      ...view,
      stages: stages.map(({ name, status, message = "", startedAt = null, endedAt = null }) => {
        return { stage: name, stageStatus: status, message, startedAt, endedAt };
      }),
    };
    for (const source of this.#following("snapshot", data)) {
      source.send({ type: "snapshot", data, timestamp: this.#now() });
    }
  }

  /** Says that updates may have been missed: the history is another one, or begins behind the stream's cursor. */
  reset(): void {
    this.#each("reset", (source) => source.send({ type: "reset", timestamp: this.#now() }));
  }

  /** A sign of life: a stream that gets none while the clock advances takes its connection for lost. */
  ping(): void {
    this.#each("ping", (source) => source.send({ type: "ping", timestamp: this.#now() }));
  }

  /** Sends one event's data as it is: JSON of the object, or the text itself. */
  send(data: object | string): void {
    this.#each("send", (source) => source.send(data));
  }

  /** The connection breaks. The stream asks again when the clock has advanced far enough: 2 s, the first time. */
  lose(): void {
    this.#each("lose", (source) => source.lose());
  }

  get #open(): readonly FakeEventSource[] {
    return this.#network.sources.filter(({ isOpen }) => isOpen);
  }

  #now(): number {
    return epochMs + this.#clock.now();
  }

  #cursor(): string {
    return `${epochMs}-${this.#sequence}`;
  }

  #each(method: string, work: (source: FakeEventSource) => void): void {
    const sources = this.#open;
    if (sources.length === 0) {
      throw new Error(`${method}() needs an open stream, and none is: connect one, and await open()`);
    }
    sources.forEach(work);
  }

  /** The open streams that follow the instance that `data` names. */
  #following(method: string, data: Readonly<Record<string, unknown>>): readonly FakeEventSource[] {
    const { member } = this.#workflow.id;
    const id = data[member];
    if (id === undefined) {
      throw new Error(`${method}() needs ${member}: this fake is of no one instance`);
    }
    const following: FakeEventSource[] = [];
    this.#each(method, (source) => {
      const ids = queryOf(source).getAll(member);
      if (ids.length === 0 || ids.includes(String(id))) {
        following.push(source);
      }
    });
    if (following.length === 0) {
      throw new Error(`${method}(): no open stream follows ${member} ${String(id)}`);
    }
    return following;
  }

  #answer(method: string, work: (source: FakeEventSource) => void): Promise<void> {
    const asking = () => this.#network.sources.filter(({ isAsking }) => isAsking).at(-1);
    const source = asking();
    if (source !== undefined) {
      work(source);
      return settlePromises();
    }
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#onRequest = () => {};
        const why = this.isOpen ? "it is open already" : "connect it; after a loss, advance the clock first";
        reject(new Error(`${method}() waits for a stream to ask for its updates, and none does: ${why}`));
      }, requestWaitMs);
      this.#onRequest = () => {
        // Not before the stream listens to what it has asked.
        queueMicrotask(() => {
          const late = asking();
          if (late !== undefined) {
            clearTimeout(timer);
            this.#onRequest = () => {};
            work(late);
            resolve(settlePromises());
          }
        });
      };
    });
  }
}
