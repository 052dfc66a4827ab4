import type { Answer, TransportEnd, TransportKind } from "../core/connection.js";
import type { Workflow } from "../workflow/workflow.js";
import type { TransportName, WorkflowStreamOptions } from "./stream_options.js";
import { prepareTransport } from "./stream_transport.js";
import type { TransportEvents } from "./transport.js";

/** What waits for the module at most: as much text or bytes. A stream that sends more is asked for again. */
const bufferedMax = 1 << 20;

/** What a transport reports, kept until somebody takes it. */
class BufferedEvents implements TransportEvents {
  #buffered: ((events: TransportEvents) => void)[] | null = [];
  #size = 0;
  #receiver: TransportEvents | null = null;
  readonly #overflow: () => void;

  constructor(overflow: () => void) {
    this.#overflow = overflow;
  }

  responded(answer: Answer): void {
    this.#pass(0, (events) => events.responded(answer));
  }

  message(data: string, lastEventId: string | undefined): void {
    this.#pass(data.length + (lastEventId?.length ?? 0), (events) => events.message(data, lastEventId));
  }

  bytes(chunk: Uint8Array): void {
    this.#pass(chunk.length, (events) => events.bytes(chunk));
  }

  ended(end: TransportEnd): void {
    this.#pass(0, (events) => events.ended(end));
  }

  /** From a microtask on: no transport reports before its opener has returned. */
  passTo(receiver: TransportEvents): void {
    this.#receiver = receiver;
    queueMicrotask(() => {
      // What comes meanwhile is appended.
      for (let index = 0; index < (this.#buffered?.length ?? 0); ++index) {
        this.#buffered?.[index]?.(receiver);
      }
      this.#buffered = null;
    });
  }

  /** Nothing is passed any more. */
  drop(): void {
    this.#buffered = null;
    this.#receiver = null;
  }

  #pass(size: number, report: (events: TransportEvents) => void): void {
    if (this.#buffered === null) {
      if (this.#receiver !== null) {
        report(this.#receiver);
      }
      return;
    }
    this.#buffered.push(report);
    this.#size += size;
    if (this.#receiver === null && this.#size > bufferedMax) {
      this.#overflow();
    }
  }
}

/**
 * The first attempt of a stream, begun while the module loads. What it reports waits until the core asks for the same
 * request; asked for another one, or where too much waits, it is closed as if it had never been.
 */
export class EarlyTransport {
  #request = "";
  #events: BufferedEvents | null = null;
  #closeTransport: (() => void) | null = null;
  /** The page's fetch may start the stream anew. */
  #isOpening = false;
  /** Counts what was begun or given up, so that what was planned knows that it is no longer wanted. */
  #run = 0;

  /**
   * Begins it a microtask later, at the address as it is by then: the rows of a page ask for one id after the other.
   * Does nothing where the page has a word in each attempt, where the environment makes none possible, or for a stream
   * that resumes: what it asks for is the core's to say.
   */
  open<W extends Workflow>(
    options: WorkflowStreamOptions<W>,
    transport: TransportName,
    url: () => string,
    lastEventId: string,
  ): void {
    this.close();
    const run = this.#run;
    const asksPage = options.token !== undefined || typeof options.headers === "function";
    if (!asksPage && lastEventId === "" && !this.#isOpening) {
      queueMicrotask(() => run === this.#run && this.#begin(options, transport, url()));
    }
  }

  #begin<W extends Workflow>(options: WorkflowStreamOptions<W>, transport: TransportName, url: string): void {
    const events = new BufferedEvents(() => this.close());
    this.#request = requestText(url, "");
    this.#events = events;
    this.#isOpening = true;
    try {
      const closeTransport = prepareTransport(options, transport, "preferred", url, "", "")(events);
      // The page's EventSource may have closed the stream.
      if (this.#events === events) {
        this.#closeTransport = closeTransport;
      } else {
        closeTransport();
      }
    } catch {
      // The core's own attempt will say so.
      this.close();
    } finally {
      this.#isOpening = false;
    }
  }

  /** Hands over what `open` began, as `prepareTransport` does, if it is this request; else closes it. */
  handOver(kind: TransportKind, url: string, lastEventId: string): ((events: TransportEvents) => () => void) | null {
    const [held, closeTransport] = [this.#events, this.#closeTransport];
    if (
      held === null ||
      closeTransport === null ||
      kind !== "preferred" ||
      this.#request !== requestText(url, lastEventId)
    ) {
      this.close();
      return null;
    }
    this.#events = null;
    this.#closeTransport = null;
    return (events) => {
      held.passTo(events);
      return () => {
        held.drop();
        closeTransport();
      };
    };
  }

  close(): void {
    this.#run += 1;
    this.#events?.drop();
    this.#events = null;
    this.#closeTransport?.();
    this.#closeTransport = null;
  }
}

function requestText(url: string, lastEventId: string): string {
  return JSON.stringify([url, lastEventId]);
}
