import type { EventSourceConstructor } from "../browser/event_source_transport.js";
import { bindMembers } from "../shared/bind_members.js";
import type { StageView, UpdateOf, ViewOf } from "../shared/messages.js";
import type { IdOf, Workflow } from "../workflow/workflow.js";
import { isFinalStatus } from "../workflow/workflow.js";
import type { FakeClock } from "./fake_clock.js";
import type { FakeEventSource, FakeNetwork } from "./fake_event_source.js";
import { createNetwork } from "./fake_event_source.js";

/** When the fake history began: the fake clock's zero. */
const epochMs = 1_702_493_000_000;

/** A request comes within microtasks, or a render. After this long the test has made a mistake. */
const requestWaitMs = 1_000;

/** An answer waits for the stream's module, which is loaded already: its promises take fewer turns than this. */
const turnsMax = 10;

/** Lets pending promises settle, without a timer: a test may have replaced timers. */
async function settlePromises(): Promise<void> {
  for (let turn = 0; turn < turnsMax; ++turn) {
    await Promise.resolve();
  }
}

/** An update as a test gives it. The fake adds the id, the time, and the status of a stage update. */
export type FakeUpdate<W extends Workflow> = Partial<UpdateOf<W>>;

/** A view as a test gives it, in the page's form. Only the status is required. */
export type FakeView<W extends Workflow> = Partial<Omit<ViewOf<W>, "stages">> & {
  readonly stages?: readonly (Pick<StageView, "name" | "status"> & Partial<StageView>)[];
};

function queryOf({ url }: FakeEventSource): URLSearchParams {
  return new URL(url, "http://localhost").searchParams;
}

/** The gateway's side of a stream, played by the test. It sends what the gateway would send. */
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

  /** The addresses that streams have requested so far, in order. */
  get requests(): readonly string[] {
    return this.#network.sources.map(({ url }) => url);
  }

  /** Whether a stream is open. */
  get isOpen(): boolean {
    return this.#open.length > 0;
  }

  /**
   * Accepts the stream's request and sends `connected`: at once, or as soon as the stream asks. Rejects if the stream
   * does not ask within a second.
   */
  open(): Promise<void> {
    return this.#answer("open", (source) => {
      source.accept();
      source.send({ type: "connected", timestamp: this.#now() }, this.#cursor());
    });
  }

  /** Answers the stream's request, like `open`, but with a status that refuses it: 401, say. */
  refuse(status: number): Promise<void> {
    return this.#answer("refuse", (source) => source.refuse(status));
  }

  /**
   * Sends an update to the streams that follow its instance, by default the fake's own. Without a `status` it is a
   * stage update's. A final update ends a stream with `until: "final"`.
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

  /** Sends an instance's complete view, as the gateway does to a stream that comes late. */
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

  /**
   * Says that updates may have been missed: the history is another one, or no longer reaches back to the stream's
   * cursor.
   */
  reset(): void {
    this.#each("reset", (source) => source.send({ type: "reset", timestamp: this.#now() }));
  }

  /** Sends a sign of life. A stream without one while the clock advances takes its connection for lost. */
  ping(): void {
    this.#each("ping", (source) => source.send({ type: "ping", timestamp: this.#now() }));
  }

  /** Sends one event's data unchanged: an object as JSON, a string as it is. */
  send(data: object | string): void {
    this.#each("send", (source) => source.send(data));
  }

  /** Breaks the connection. The stream asks again once the clock has advanced far enough: 2 s, the first time. */
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
      throw new Error(`${method}() needs an open stream: connect one and await open()`);
    }
    sources.forEach(work);
  }

  /** The open streams that follow the instance in `data`. */
  #following(method: string, data: Readonly<Record<string, unknown>>): readonly FakeEventSource[] {
    const { member } = this.#workflow.id;
    const id = data[member];
    if (id === undefined) {
      throw new Error(`${method}() needs ${member}: this fake follows no single instance`);
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
        const why = this.isOpen
          ? "the stream is open already"
          : "connect the stream; after a loss, advance the clock first";
        reject(new Error(`${method}() waited for a stream to send its request, and none did: ${why}`));
      }, requestWaitMs);
      this.#onRequest = () => {
        // Waits until the stream listens to its request.
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
