import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

import type { Core } from "../src/core/core.js";
import { loadCore } from "../src/core/load_core.js";
import { CoreClient } from "../src/core/core_client.js";
import { ViewReader } from "../src/core/view_reader.js";
import { Vocabulary } from "../src/core/vocabulary.js";
import type { RegistrationWorkflow } from "../src/generated/registration.js";
import { registrationWorkflow } from "../src/generated/registration.js";
import type { FetchFunction } from "../src/browser/fetch_transport.js";
import type { Frames } from "../src/browser/pacer.js";

export { FakeClock } from "../src/testing/fake_clock.js";
export type { FakeNetwork } from "../src/testing/fake_event_source.js";
export { createNetwork, FakeEventSource } from "../src/testing/fake_event_source.js";
export { FakeSignals } from "../src/testing/fake_signals.js";

/** The built module's file. */
export const modulePath = fileURLToPath(new URL("../dist/regstream.wasm", testUrl()).href);

/** In a separate function: Vite would take the expression for an asset of a page and rewrite its address. */
function testUrl(): string {
  return import.meta.url;
}

/** Loads the built module as the one that all streams share. */
export async function primeCore(): Promise<Core> {
  return await loadCore(await readFile(modulePath));
}

export type RegistrationClient = CoreClient<RegistrationWorkflow>;
export type RegistrationViewReader = ViewReader<RegistrationWorkflow>;

/** Default options for a client of registrations. */
export const clientOptions = {
  vocabulary: new Vocabulary(registrationWorkflow),
  policy: "resilient",
  seed: [1, 2],
  ids: [42],
  needsToken: false,
} as const;

export function createViewReader(): RegistrationViewReader {
  return new ViewReader(clientOptions.vocabulary);
}

/** A client whose stream is open, as attempt 1. */
export function openClient(core: Core, registrationId: number | undefined): RegistrationClient {
  const ids = registrationId === undefined ? [] : [registrationId];
  const client = new CoreClient(core, { ...clientOptions, ids });
  client.connect(0);
  while (client.poll() !== null);
  client.response(1, { status: 200, isEventStream: true, coding: undefined, retryAfterMs: undefined }, 0);
  while (client.poll() !== null);
  return client;
}

/** A request by fetch whose server is played by the test. */
export class FakeRequest {
  readonly headers: Headers;
  readonly response: Promise<Response>;
  /** How often the client has asked for a piece of the body. */
  pulls = 0;
  #isOver = false;
  #resolve: (response: Response) => void = () => {};
  #reject: (error: unknown) => void = () => {};
  #body: ReadableStreamDefaultController<Uint8Array> | null = null;

  constructor(
    readonly url: string,
    readonly init: RequestInit,
  ) {
    this.headers = new Headers(init.headers);
    this.response = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    init.signal?.addEventListener("abort", () =>
      this.#stop(new DOMException("This operation was aborted", "AbortError")),
    );
  }

  /** Whether the client still waits for something; an abort ends that. */
  get isLive(): boolean {
    return !this.#isOver;
  }

  #stop(error: unknown): void {
    if (!this.#isOver) {
      this.#isOver = true;
      this.#reject(error);
      this.#body?.error(error);
    }
  }

  respond(status: number, headers: Record<string, string> = {}): void {
    const body = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#body = controller;
        },
        pull: () => {
          this.pulls += 1;
        },
      },
      { highWaterMark: 0 },
    );
    this.#resolve(new Response(status === 204 ? null : body, { status, headers }));
  }

  accept(): void {
    this.respond(200, { "Content-Type": "text/event-stream" });
  }

  /** Sends bytes, or a text as UTF-8, as one piece. */
  send(piece: string | Uint8Array): void {
    this.#body?.enqueue(typeof piece === "string" ? new TextEncoder().encode(piece) : piece);
  }

  /** Ends the response. */
  end(): void {
    this.#isOver = true;
    this.#body?.close();
  }

  /** Breaks the connection, or makes it fail. */
  lose(): void {
    this.#stop(new TypeError("fetch failed"));
  }
}

export interface FakeFetch {
  readonly fetch: FetchFunction;
  readonly requests: FakeRequest[];
  /** The last request. */
  readonly last: FakeRequest;
  readonly live: number;
}

export function createFetch(): FakeFetch {
  const requests: FakeRequest[] = [];
  return {
    requests,
    fetch: (url, init) => {
      const request = new FakeRequest(url, init);
      requests.push(request);
      return request.response;
    },
    get last() {
      const request = requests.at(-1);
      if (request === undefined) {
        throw new Error("Nothing was fetched");
      }
      return request;
    },
    get live() {
      return requests.filter((request) => request.isLive).length;
    },
  };
}

/** Lets the pieces of a body that were sent already be read. */
export function settleBody(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/** Frames that the test draws. */
export class FakeFrames implements Frames {
  readonly #callbacks = new Set<() => void>();

  get requested(): number {
    return this.#callbacks.size;
  }

  request(callback: () => void): () => void {
    this.#callbacks.add(callback);
    return () => this.#callbacks.delete(callback);
  }

  draw(): void {
    const callbacks = [...this.#callbacks];
    this.#callbacks.clear();
    callbacks.forEach((callback) => callback());
  }
}

/** Lets the reactions of settled promises run. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 10; ++turn) {
    await Promise.resolve();
  }
}

export function stageUpdate(stage: string, stageStatus: string, timestamp: number, rest: object = {}) {
  return {
    type: "update",
    data: {
      registrationId: 42,
      status: "PENDING",
      stage,
      stageStatus,
      message: `${stage} ${stageStatus}`,
      timestamp,
      ...rest,
    },
  };
}
