import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** A request for a script's stream. */
export interface StreamRequest {
  /** The bytes of its `Last-Event-ID` header; empty without one. */
  readonly lastEventId: string;
  /** Milliseconds since the end of the previous response; 0 for the first request. */
  readonly pauseMs: number;
}

/** Allows pages of other origins to read a stream, and to send the headers of a stream by fetch. */
const forAnyOrigin = { "Access-Control-Allow-Origin": "*", "Access-Control-Allow-Headers": "Last-Event-ID" };

/** The responses for one client, one for each request; then 204, at which EventSource stops. */
export class StreamScript {
  readonly requests: StreamRequest[] = [];
  private endedAt: number | null = null;

  /** Each response as the pieces in which it is written. The first `silent` ones do not end after that. */
  constructor(
    readonly url: string,
    private readonly responses: readonly (readonly Uint8Array[])[],
    private readonly silent: number,
  ) {}

  async answer(lastEventIdHeader: string, response: ServerResponse): Promise<void> {
    const pieces = this.responses[this.requests.length];
    this.requests.push({
      // Node reads a header's bytes as Latin-1.
      lastEventId: Buffer.from(lastEventIdHeader, "latin1").toString("utf8"),
      pauseMs: this.endedAt === null ? 0 : performance.now() - this.endedAt,
    });
    if (pieces === undefined) {
      response.writeHead(204, forAnyOrigin).end();
      return;
    }
    response.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-store", ...forAnyOrigin });
    response.flushHeaders();
    for (const piece of pieces) {
      response.write(piece);
      // Lets the piece go out by itself.
      await new Promise((resolve) => setImmediate(resolve));
    }
    if (this.requests.length <= this.silent) return;
    this.endedAt = performance.now();
    response.end();
  }
}

/** Serves scripted event streams, for any query, and a blank page, to a browser on this machine. */
export class StreamServer {
  private readonly scripts: StreamScript[] = [];

  private constructor(private readonly server: Server) {}

  static async start(): Promise<StreamServer> {
    const server = createServer();
    const streams = new StreamServer(server);
    server.on("request", (request, response: ServerResponse) => {
      const { pathname } = new URL(request.url ?? "/", streams.page);
      const script = streams.scripts.find(({ url }) => url === `${streams.page}${pathname.slice(1)}`);
      if (request.method === "OPTIONS") response.writeHead(204, forAnyOrigin).end();
      else if (script === undefined) response.writeHead(200, { "Content-Type": "text/html" }).end("<!doctype html>");
      else void script.answer(String(request.headers["last-event-id"] ?? ""), response);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return streams;
  }

  /** The blank page. */
  get page(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/`;
  }

  add(responses: readonly (readonly Uint8Array[])[], silent = 0): StreamScript {
    const script = new StreamScript(`${this.page}streams/${this.scripts.length}`, responses, silent);
    this.scripts.push(script);
    return script;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
