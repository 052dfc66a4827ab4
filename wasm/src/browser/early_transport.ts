import type { Answer, TransportEnd, TransportKind } from "../core/connection.js";
import type { Workflow } from "../workflow/workflow.js";
import type { TransportName, WorkflowStreamOptions } from "./stream_options.js";
import { prepareTransport } from "./stream_transport.js";
import type { TransportEvents } from "./transport.js";

/** The most text or bytes that wait for the module. A stream that sends more is closed and requested again. */
const bufferedMax = 1 << 20;

/** Buffers what a transport reports until there is a receiver. */
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

  /** Passes events on from the next microtask: no transport reports before its opener has returned. */
  passTo(receiver: TransportEvents): void {
    this.#receiver = receiver;
    queueMicrotask(() => {
      // Events that arrive meanwhile are appended.
      for (let index = 0; index < (this.#buffered?.length ?? 0); ++index) {
        this.#buffered?.[index]?.(receiver);
      }
      this.#buffered = null;
    });
  }

  /** Drops the buffer and passes nothing on any more. */
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
 * The first attempt of a stream, begun while the module loads. Its events wait until the core asks for the same
 * request. If the core asks for another one, or too much waits, it is closed without effect.
 */
export class EarlyTransport {
  #request = "";
  #events: BufferedEvents | null = null;
  #closeTransport: (() => void) | null = null;
  /** Guards against re-entry: the page's fetch may restart the stream. */
  #isOpening = false;
  /** Counts starts and closes, so that a planned start notices that it is obsolete. */
  #run = 0;

  /**
   * Begins a microtask later, with the address of that moment: the rows of a page add their ids one by one. Does
   * nothing if the page takes part in each attempt (`token`, or a function for `headers`), or if the stream resumes,
   * since then the core decides what to ask for.
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
      // The core's own attempt will report the error.
      this.close();
    } finally {
      this.#isOpening = false;
    }
  }

  /**
   * Hands over the transport that `open` began, in the form of `prepareTransport`, if the request is the same;
   * otherwise closes it and returns null.
   */
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
