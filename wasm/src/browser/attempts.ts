import type { Answer } from "../core/connection.js";
import type { CoreAction, CoreClient } from "../core/core_client.js";
import type { MessageBatch } from "../core/message_batch.js";
import type { Workflow } from "../workflow/workflow.js";
import { Authorizer } from "./authorizer.js";
import { EarlyTransport } from "./early_transport.js";
import type { TransportName, WorkflowSnapshot, WorkflowStreamOptions } from "./stream_options.js";
import { hasFetch, prepareTransport, transportOf } from "./stream_transport.js";
import { type TransportEvents, withQuery } from "./transport.js";

type Open = Extract<CoreAction, { readonly kind: "open" }>;
type OpenProbe = Extract<CoreAction, { readonly kind: "open_probe" }>;

/** The stream that makes the attempts. */
export interface AttemptOwner<W extends Workflow> {
  now(): number;
  /** Whether `client` is still the stream's client. */
  isCurrent(client: CoreClient<W>): boolean;
  /** Runs `work`, an input of `client`; ignored if the stream has another client by now. */
  input(client: CoreClient<W>, work: () => void): void;
  read(messages: MessageBatch<W> | null): void;
}

/** The transports of a stream's attempts: the open one, one that waits for the module, and a probe beside it. */
export class Attempts<W extends Workflow> {
  readonly #options: WorkflowStreamOptions<W>;
  readonly #url: string;
  readonly #owner: AttemptOwner<W>;
  readonly #probeAuthorizer: Authorizer;
  readonly #early = new EarlyTransport();
  #preferred: TransportName = "eventsource";
  #closeTransport: (() => void) | null = null;
  #closeProbe: (() => void) | null = null;
  /** The last answer; undefined before the first, or if the transport hides it. */
  answer: Answer | undefined;

  constructor(options: WorkflowStreamOptions<W>, url: string, owner: AttemptOwner<W>) {
    this.#options = options;
    this.#url = url;
    this.#owner = owner;
    this.#probeAuthorizer = new Authorizer(options);
  }

  /** Throws a StreamError if the options allow no transport. */
  begin(): void {
    this.#preferred = transportOf(this.#options);
  }

  /** Makes the first request while the module loads. `query` is called when the request is made. */
  openEarly(query: () => string, lastEventId: string): void {
    this.#early.open(this.#options, this.#preferred, () => withQuery(this.#url, query()), lastEventId);
  }

  closeEarly(): void {
    this.#early.close();
  }

  get preferred(): TransportName {
    return this.#preferred;
  }

  /** What the page's transports can do, as the core needs it. */
  get traits(): { readonly canSee: boolean; readonly canPoll: boolean } {
    const isHiding = this.#preferred === "eventsource";
    const isReadable = !isHiding || hasFetch(this.#options);
    return { canSee: isHiding && isReadable, canPoll: isReadable };
  }

  /**
   * Opens an attempt's transport and returns the snapshot's `transport`. `credential` is a token or ticket and is
   * stored nowhere.
   */
  open(client: CoreClient<W>, action: Open, credential: string): WorkflowSnapshot<W>["transport"] {
    const { attempt, lastEventId, query, transport: kind } = action;
    this.close();
    this.answer = undefined;
    const owner = this.#owner;
    const input = (work: () => void) => owner.input(client, work);
    const events: TransportEvents = {
      responded: (answer) =>
        input(() => {
          this.answer = answer;
          client.response(attempt, answer, owner.now());
        }),
      message: (data, id) => input(() => owner.read(client.event(attempt, data, id, owner.now()))),
      bytes: (chunk) =>
        input(() => {
          for (const piece of pieces(chunk, client.bytesMax)) {
            owner.read(client.bytes(attempt, piece, owner.now()));
          }
        }),
      ended: (end) => input(() => client.end(attempt, end, owner.now())),
    };
    const url = withQuery(this.#url, query);
    const begin =
      this.#early.handOver(kind, url, lastEventId) ??
      prepareTransport(this.#options, this.#preferred, kind, url, lastEventId, credential);
    // The page's function for headers may have closed the stream, as may its fetch or EventSource.
    if (owner.isCurrent(client)) {
      const closeTransport = begin(events);
      if (owner.isCurrent(client)) {
        this.#closeTransport = closeTransport;
      } else {
        closeTransport();
      }
    }
    return kind === "polling" ? kind : kind === "seeing" ? "fetch" : this.#preferred;
  }

  /** Makes one poll beside the transport. Only an event of it counts. */
  openProbe(client: CoreClient<W>, action: OpenProbe): void {
    let isWanted = true;
    this.#closeProbe = () => {
      isWanted = false;
      this.#probeAuthorizer.stop();
    };
    if (this.#options.token === undefined) {
      this.#beginProbe(client, action, "");
      return;
    }
    void this.#probeAuthorizer.ask(this.#preferred, this.#url, false).then((outcome) => {
      if (isWanted && "credential" in outcome) {
        this.#owner.input(client, () => this.#beginProbe(client, action, outcome.credential));
      }
    });
  }

  #beginProbe(client: CoreClient<W>, { attempt, query }: OpenProbe, credential: string): void {
    const owner = this.#owner;
    const url = withQuery(this.#url, query);
    const begin = prepareTransport(this.#options, this.#preferred, "polling", url, "", credential);
    const close = begin({
      responded: () => {},
      message: () => {},
      bytes: (chunk) =>
        owner.input(client, () => {
          for (const piece of pieces(chunk, client.bytesMax)) {
            if (client.probeBytes(attempt, piece, owner.now())) {
              return;
            }
          }
        }),
      ended: () => {},
    });
    if (owner.isCurrent(client)) {
      this.#closeProbe = close;
    } else {
      close();
    }
  }

  /** Closes everything that is open. */
  release(): void {
    this.#early.close();
    this.close();
    this.closeProbe();
  }

  closeProbe(): void {
    this.#closeProbe?.();
    this.#closeProbe = null;
  }

  close(): void {
    this.#closeTransport?.();
    this.#closeTransport = null;
  }
}

function* pieces(chunk: Uint8Array, bytesMax: number): Iterable<Uint8Array> {
  for (let begin = 0; begin < chunk.length; begin += bytesMax) {
    yield chunk.subarray(begin, begin + bytesMax);
  }
}
