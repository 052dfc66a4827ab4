import type { Answer, TokenFailure } from "../core/connection.js";
import { StreamError } from "../core/errors.js";
import type { Workflow } from "../workflow/workflow.js";
import type { TransportName, WorkflowStreamOptions } from "./stream_options.js";
import { fetchOf, headersOf } from "./stream_transport.js";
import { requestTicket } from "./tickets.js";
import { ticketsOf } from "./transport.js";

/** What authorizes one attempt, or why nothing does. */
export type Authorization =
  /** A token for `fetch`, a ticket for `eventsource`. */
  | { readonly credential: string }
  | { readonly failure: TokenFailure }
  /** The answer by which the server refused a ticket. */
  | { readonly answer: Answer }
  | { readonly error: StreamError };

type Options = Pick<WorkflowStreamOptions<Workflow>, "token" | "credentials" | "fetch">;

/** Gets a token or ticket for each attempt of a stream. Stores neither. */
export class Authorizer {
  readonly #options: Options;
  #request: AbortController | null = null;

  constructor(options: Options) {
    this.#options = options;
  }

  /**
   * Asks the page for a token. Never rejects: the rejection of the page's function may hold a secret and is dropped.
   */
  async ask(transport: TransportName, url: string, isRefused: boolean): Promise<Authorization> {
    this.stop();
    const request = new AbortController();
    this.#request = request;
    let token: unknown;
    try {
      token = await this.#options.token?.(isRefused);
    } catch {
      return { failure: "may_pass" };
    }
    if (typeof token !== "string" || token === "") {
      return { failure: "for_good" };
    }
    // An attempt that is over makes no request.
    if (transport === "fetch" || request.signal.aborted) {
      return { credential: token };
    }
    return this.#exchange(token, ticketsOf(url), request.signal);
  }

  async #exchange(token: string, url: string, signal: AbortSignal): Promise<Authorization> {
    try {
      const { credentials = "same-origin" } = this.#options;
      const init = { headers: headersOf(undefined, token), credentials, signal };
      const given = await requestTicket(fetchOf(this.#options, url), url, init);
      return "ticket" in given ? { credential: given.ticket } : given;
    } catch (error) {
      if (error instanceof StreamError) {
        return { error };
      }
      throw error;
    }
  }

  /** Aborts the request in progress. */
  stop(): void {
    this.#request?.abort();
    this.#request = null;
  }
}
