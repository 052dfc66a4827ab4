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

/** A body's text; null: it is too large for an answer with a ticket. */
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
 * Requests a ticket, which admits one request that can't send a token. Never rejects and stores nothing: errors of
 * fetch are dropped.
 */
export async function requestTicket(fetch: FetchFunction, url: string, init: RequestInit): Promise<TicketAnswer> {
  try {
    const response = await fetch(url, { ...init, method: "POST", cache: "no-store" });
    if (isCutOff(response, jsonType)) {
      return { failure: "may_pass" };
    }
    const text = response.ok ? await readText(response) : null;
    const ticket = text === null ? undefined : readTicket(text);
    // A 200 without a ticket may be an HTML page. The core treats it as an answer that is not a stream.
    return ticket === undefined ? { answer: { ...answerOf(response), isEventStream: false } } : { ticket };
  } catch {
    return { failure: "may_pass" };
  }
}
