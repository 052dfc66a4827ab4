import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** One request that asked for a stream. */
export interface Visit {
  readonly ticket: string | null;
  readonly cookie: string | undefined;
  readonly lastEventId: string | null;
  readonly status: number;
}

/**
 * A stream behind an access policy, for pages of one other origin: it gives a ticket for a token, which lets one request in, or
 * takes a cookie. What an open stream says is the test's.
 */
export class GuardedServer {
  readonly visits: Visit[] = [];
  /** Tokens that tickets were asked for with, in order. */
  readonly tokens: string[] = [];
  private readonly tickets = new Set<string>();
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
  send(message: object, id?: string): void {
    for (const stream of this.open) stream.write(`${id === undefined ? "" : `id: ${id}\n`}data: ${JSON.stringify(message)}\n\n`);
  }

  /** Ends each open stream, as a gateway that is stopped does. */
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
    response.setHeader("Access-Control-Allow-Credentials", "true");
    if (request.method === "OPTIONS") {
      response.writeHead(204, { "Access-Control-Allow-Methods": "POST", "Access-Control-Allow-Headers": "Authorization" }).end();
    } else if (pathname === "/sign-in") {
      response.writeHead(204, { "Set-Cookie": "session=secret; Path=/; HttpOnly" }).end();
    } else if (pathname === "/stream/tickets") {
      this.giveTicket(request, response);
    } else {
      this.openStream(request, searchParams, response);
    }
  }

  private giveTicket(request: IncomingMessage, response: ServerResponse): void {
    const token = request.headers.authorization ?? "";
    this.tokens.push(token);
    if (token === "Bearer expired") {
      response.writeHead(401).end();
      return;
    }
    const ticket = `ticket ${this.tokens.length}`;
    this.tickets.add(ticket);
    response.writeHead(200, { "Content-Type": "application/json" }).end(JSON.stringify({ ticket, expiresInMs: 30_000 }));
  }

  private openStream(request: IncomingMessage, query: URLSearchParams, response: ServerResponse): void {
    const ticket = query.get("ticket");
    const { cookie } = request.headers;
    const isLetIn = (ticket !== null && this.tickets.delete(ticket)) || cookie === "session=secret";
    if (isLetIn) {
      response.writeHead(200, { "Content-Type": "text/event-stream" });
      response.write("retry: 1\n\n");
      this.open.add(response);
      response.on("close", () => this.open.delete(response));
    } else {
      response.writeHead(401).end();
    }
    this.visits.push({ ticket, cookie, lastEventId: query.get("lastEventId"), status: isLetIn ? 200 : 401 });
    for (const wake of this.watchers) wake();
    this.watchers.clear();
  }
}
