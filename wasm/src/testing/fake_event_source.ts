import type { EventSourceConstructor, EventSourceLike } from "../browser/event_source_transport.js";

const connecting = 0;
const open = 1;
const closed = 2;

/** An EventSource whose server is played by the test. */
export class FakeEventSource implements EventSourceLike {
  readyState = connecting;
  onopen: ((event: Event) => void) | null = null;
  onmessage: ((event: MessageEvent) => void) | null = null;
  onerror: ((event: Event) => void) | null = null;

  readonly withCredentials: boolean;

  /** True while it waits for the server's answer. */
  get isAsking(): boolean {
    return this.readyState === connecting;
  }

  get isOpen(): boolean {
    return this.readyState === open;
  }

  constructor(
    readonly url: string,
    { withCredentials = false }: EventSourceInit = {},
  ) {
    this.withCredentials = withCredentials;
  }

  close(): void {
    this.readyState = closed;
  }

  /** Closed is final, even if the test sends more. */
  #enter(state: number): void {
    if (this.readyState !== closed) {
      this.readyState = state;
    }
  }

  accept(): void {
    this.#enter(open);
    this.onopen?.(new Event("open"));
  }

  /** Sends `data` as JSON, or unchanged if it is a string. */
  send(data: unknown, lastEventId = ""): void {
    const text = typeof data === "string" ? data : JSON.stringify(data);
    this.onmessage?.(new MessageEvent("message", { data: text, lastEventId }));
  }

  /** Breaks the connection, or ends the stream. A real EventSource would retry by itself. */
  lose(): void {
    this.#enter(connecting);
    this.onerror?.(new Event("error"));
  }

  /**
   * Answers with something other than a stream. A real EventSource gives up. Without `status` it hides which answer.
   */
  refuse(status?: number): void {
    this.#enter(closed);
    this.onerror?.(Object.assign(new Event("error"), { code: status }));
  }
}

export interface FakeNetwork {
  readonly EventSource: EventSourceConstructor;
  readonly sources: FakeEventSource[];
  /** The source opened last. */
  readonly last: FakeEventSource;
  /** The number of sources that are not closed. */
  readonly live: number;
}

/** `onRequest` is called for each source before anything listens to it. */
export function createNetwork(onRequest: () => void = () => {}): FakeNetwork {
  const sources: FakeEventSource[] = [];
  return {
    sources,
    EventSource: class extends FakeEventSource {
      constructor(url: string, init?: EventSourceInit) {
        super(url, init);
        sources.push(this);
        onRequest();
      }
    },
    get last() {
      const source = sources.at(-1);
      if (source === undefined) {
        throw new Error("No EventSource was opened");
      }
      return source;
    },
    get live() {
      return sources.filter((source) => source.readyState !== closed).length;
    },
  };
}
