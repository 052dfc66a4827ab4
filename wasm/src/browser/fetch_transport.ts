import type { Credentials, PlatformHeaders, PlatformRequestInit, PlatformResponse } from "../shared/platform.js";
import { answerOf, codingsOf, eventStreamType, isCutOff } from "./fetch_answer.js";
import type { TransportEvents } from "./transport.js";

/** The part of fetch that is used. Tests and wrappers can implement it. */
export type FetchFunction = (url: string, init: PlatformRequestInit) => Promise<PlatformResponse>;

export interface FetchRequest {
  /** The stream's own headers are added to this object. */
  readonly headers: PlatformHeaders;
  readonly credentials: Credentials;
}

/** Browsers undo this coding and Node 20 does not: only the bytes show which. */
const hasZstd = (headers: Headers) => codingsOf(headers).some((coding) => coding.toLowerCase() === "zstd");

/** The first bytes of a zstd frame (RFC 8878, 3.1.1). */
const zstdMagic = [0x28, 0xb5, 0x2f, 0xfd];

function isZstd(piece: Uint8Array): boolean {
  return piece.length > 0 && zstdMagic.every((byte, at) => at >= piece.length || piece[at] === byte);
}

/** Whether a header can carry `lastEventId` unchanged: surrounding blanks and control characters would get lost. */
export function fitsHeader(lastEventId: string): boolean {
  return !/^ | $|[\0-\x1f\x7f]/.test(lastEventId);
}

/** Makes one attempt with one fetch; returns a function that closes it. */
export function openFetch(
  fetch: FetchFunction,
  url: string,
  { headers, credentials }: FetchRequest,
  lastEventId: string,
  events: TransportEvents,
): () => void {
  const controller = new AbortController();
  const { signal } = controller;
  headers.set("Accept", eventStreamType);
  // A compressor holds a stream back. Browsers set this header themselves and ignore ours.
  headers.set("Accept-Encoding", "identity");
  if (lastEventId !== "") {
    // A header value is bytes; each character of the string stands for one.
    const bytes = new TextEncoder().encode(lastEventId);
    headers.set("Last-Event-ID", String.fromCharCode(...bytes));
  }

  const run = async () => {
    const response = await fetch(url, { headers, credentials, cache: "no-store", signal });
    if (signal.aborted) {
      return;
    }
    if (isCutOff(response, eventStreamType)) {
      controller.abort();
      events.ended("failed");
      return;
    }
    const reader = response.body?.getReader();
    const first = hasZstd(response.headers) ? await reader?.read() : undefined;
    if (signal.aborted) {
      return;
    }
    const isPassedOn = first?.value !== undefined && isZstd(first.value);
    const answer = { ...answerOf(response), ...(isPassedOn ? { coding: "zstd" } : {}) };
    events.responded(answer);
    if (answer.status !== 200 || !answer.isEventStream || answer.coding !== undefined) {
      controller.abort();
    }
    // Reads the next piece only after the core has processed this one.
    for (let piece = first ?? (await reader?.read()); !signal.aborted; piece = await reader?.read()) {
      if (piece?.value === undefined) {
        events.ended("ended");
        return;
      }
      events.bytes(piece.value);
    }
  };
  run().catch(() => {
    if (!signal.aborted) {
      events.ended("failed");
    }
  });
  return () => controller.abort();
}
