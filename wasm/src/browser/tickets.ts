import type { Answer, TokenFailure } from "../core/connection.js";
import { answerOf, isCutOff } from "./fetch_answer.js";
import type { FetchFunction } from "./fetch_transport.js";

/** A ticket for one attempt, why there is none, or the answer that refused it. */
export type TicketAnswer =
  | { readonly ticket: string }
  | { readonly failure: TokenFailure }
  | { readonly answer: Answer };

const jsonType = "application/json";

/** The gateway sends some fifty bytes. */
const answerBytesMax = 16_384;

/** The text of a body; null: it is larger than any answer with a ticket. */
async function readText(response: Response): Promise<string | null> {
  const reader = response.body?.getReader();
  const decoder = new TextDecoder();
  let text = "";
  let size = 0;
  for (let piece = await reader?.read(); piece?.value !== undefined; piece = await reader?.read()) {
    size += piece.value.length;
    if (size > answerBytesMax) {
      await reader?.cancel();
      return null;
    }
    text += decoder.decode(piece.value, { stream: true });
  }
  return text + decoder.decode();
}

function readTicket(text: string): string | undefined {
  try {
    const body: unknown = JSON.parse(text);
    const isObject = typeof body === "object" && body !== null;
    const ticket: unknown = isObject && "ticket" in body ? body.ticket : undefined;
    return typeof ticket === "string" && ticket !== "" ? ticket : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Asks for a ticket, which lets one request in that can't send the token of `headers`. Never rejects, and keeps nothing:
 * what an error of fetch says is passed over.
 */
export async function requestTicket(fetch: FetchFunction, url: string, init: RequestInit): Promise<TicketAnswer> {
  try {
    const response = await fetch(url, { ...init, method: "POST", cache: "no-store" });
    if (isCutOff(response, jsonType)) {
      return { failure: "may_pass" };
    }
    const text = response.ok ? await readText(response) : null;
    const ticket = text === null ? undefined : readTicket(text);
    // A 200 without a ticket is a page's, say: for the core it is one without an event stream.
    return ticket === undefined ? { answer: { ...answerOf(response), isEventStream: false } } : { ticket };
  } catch {
    return { failure: "may_pass" };
  }
}
