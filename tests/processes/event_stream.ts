import { type EventSourceMessage, EventSourceParserStream } from "eventsource-parser/stream";

/** One message of the stream, as in the contract. */
export type StreamMessage =
  | { type: "connected" | "ping" | "reset"; timestamp: number }
  | { type: "update"; data: Update }
  | { type: "snapshot"; data: Record<string, unknown>; timestamp: number };

export interface Update {
  registrationId: number;
  status: string;
  stage?: string;
  stageStatus?: string;
  message?: string;
  details?: Record<string, unknown>;
  processLog?: unknown[];
  timestamp: number;
  /** The update's place in the history. */
  id?: string;
}

/** Reads an event stream with an independent parser, so that our encoder is judged by other code. */
export class EventStream {
  private constructor(
    readonly response: Response,
    private readonly events: ReadableStreamDefaultReader<EventSourceMessage>,
    private readonly abort: AbortController,
  ) {}

  static async open(url: string, headers: Readonly<Record<string, string>> = {}): Promise<EventStream> {
    const abort = new AbortController();
    const response = await fetch(url, { signal: abort.signal, headers: { Accept: "text/event-stream", ...headers } });
    if (response.body === null || !response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`);
    const events = response.body.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream());
    return new EventStream(response, events.getReader(), abort);
  }

  /** Returns the next event. Fails at the end of the stream. */
  async next(): Promise<StreamMessage> {
    const { value, done } = await this.events.read();
    if (done) throw new Error("the stream ended");
    return JSON.parse(value.data) as StreamMessage;
  }

  /** Returns the next update, skipping control events. */
  async nextUpdate(): Promise<Update> {
    for (;;) {
      const message = await this.next();
      if (message.type === "update") return message.data;
    }
  }

  /** Returns all updates up to and including the first for which `isLast` is true. */
  async updatesUntil(isLast: (update: Update) => boolean): Promise<Update[]> {
    const updates: Update[] = [];
    for (;;) {
      const update = await this.nextUpdate();
      updates.push(update);
      if (isLast(update)) return updates;
    }
  }

  close(): void {
    this.abort.abort();
  }
}

/** True for the update that ends a validation. */
export function isFinal(update: Update): boolean {
  return update.status !== "PENDING";
}
