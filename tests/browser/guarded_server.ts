import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** A request for a stream. */
export interface Visit {
  readonly ticket: string | null;
  readonly lastEventId: string | null;
  readonly status: number;
}

/**
 * Serves streams for tickets to pages of one other origin. It replaces the gateway where a test needs a stream to end
 * at a chosen instant and the client to reconnect within a millisecond. guarded_stream.test.ts tests everything else
 * with the gateway.
 */
export class GuardedServer {
  readonly visits: Visit[] = [];
  private readonly tickets = new Set<string>();
  private given = 0;
  private readonly open = new Set<ServerResponse>();
  private readonly watchers = new Set<() => void>();

  private constructor(
    private readonly server: Server,
    private readonly allowedOrigin: string,
  ) {
    server.on("request", (request, response: ServerResponse) => this.answer(request, response));
  }

  static async start(allowedOrigin: string): Promise<GuardedServer> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return new GuardedServer(server, allowedOrigin);
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/stream`;
  }

  /** Resolves when so many requests have asked for a stream. */
  async untilVisits(count: number): Promise<void> {
    while (this.visits.length < count) await new Promise<void>((resolve) => this.watchers.add(resolve));
  }

  /** Sends one event on each open stream. */
  send(message: object, id: string): void {
    for (const stream of this.open) stream.write(`id: ${id}\ndata: ${JSON.stringify(message)}\n\n`);
  }

  /** Ends each open stream. */
  endStreams(): void {
    for (const stream of this.open) stream.end();
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private answer(request: IncomingMessage, response: ServerResponse): void {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://localhost");
    response.setHeader("Access-Control-Allow-Origin", this.allowedOrigin);
    if (request.method === "OPTIONS") {
      response.setHeader("Access-Control-Allow-Headers", "Authorization");
      response.writeHead(204).end();
    } else if (pathname === "/stream/tickets") {
      const ticket = `ticket ${++this.given}`;
      this.tickets.add(ticket);
      response.setHeader("Content-Type", "application/json");
      response.end(JSON.stringify({ ticket, expiresInMs: 30_000 }));
    } else {
      this.openStream(searchParams, response);
    }
  }

  private openStream(query: URLSearchParams, response: ServerResponse): void {
    const ticket = query.get("ticket");
    const isLetIn = ticket !== null && this.tickets.delete(ticket);
    if (isLetIn) {
      response.writeHead(200, { "Content-Type": "text/event-stream" });
      response.write("retry: 1\n\n");
      this.open.add(response);
      response.on("close", () => this.open.delete(response));
    } else {
      response.writeHead(401).end();
    }
    this.visits.push({ ticket, lastEventId: query.get("lastEventId"), status: isLetIn ? 200 : 401 });
    for (const wake of this.watchers) wake();
    this.watchers.clear();
  }
}
