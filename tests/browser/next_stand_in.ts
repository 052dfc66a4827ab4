// Serves route handlers, rewrites and a page as Next does, as far as the applications of docs/moving need it.
import { createServer, type IncomingMessage, request as ask, type ServerResponse } from "node:http";
import { readFile } from "node:fs/promises";
import { Readable } from "node:stream";
import type { ReadableStream } from "node:stream/web";

type Handler = (request: Request, context: { params: Promise<Record<string, string>> }) => Promise<Response>;
export type Routes = Readonly<Record<string, Readonly<Record<string, unknown>>>>;
export interface NextConfig {
  readonly rewrites?: () => Promise<readonly { readonly source: string; readonly destination: string }[]>;
}

/** Listens on $PORT. A route's key is its file, such as "app/api/things/[id]/route.ts". */
export async function serve(config: NextConfig, routes: Routes): Promise<void> {
  const rewrites = (await config.rewrites?.()) ?? [];
  const server = createServer((request, response) => {
    const { pathname, search } = new URL(request.url ?? "/", "http://localhost");
    const rewrite = rewrites.find(({ source }) => source === pathname);
    const route = findRoute(routes, pathname);
    if (route !== undefined) void answer(route, request, response);
    else if (rewrite !== undefined) pass(`${rewrite.destination}${search}`, request, response);
    else void page(pathname, response);
  });
  server.listen(Number(process.env.PORT), "127.0.0.1", () => console.log("listening"));
}

interface FoundRoute {
  readonly handlers: Readonly<Record<string, unknown>>;
  readonly params: Record<string, string>;
}

function findRoute(routes: Routes, pathname: string): FoundRoute | undefined {
  for (const [file, handlers] of Object.entries(routes)) {
    const path = file.replace(/^app/, "").replace(/\/route\.ts$/, "");
    const match = new RegExp(`^${path.replace(/\[(\w+)\]/g, "(?<$1>[^/]+)")}$`).exec(pathname);
    if (match !== null) return { handlers, params: { ...match.groups } };
  }
  return undefined;
}

async function answer({ handlers, params }: FoundRoute, request: IncomingMessage, response: ServerResponse) {
  const handler = handlers[request.method ?? "GET"] as Handler | undefined;
  if (handler === undefined) return response.writeHead(405).end();
  const left = new AbortController();
  response.on("close", () => left.abort());
  const { method = "GET", url = "/" } = request;
  const asked = new Request(new URL(url, "http://localhost"), { method, signal: left.signal });
  const given = await handler(asked, { params: Promise.resolve(params) });
  response.writeHead(given.status, Object.fromEntries(given.headers));
  if (given.body === null) return response.end();
  const body = Readable.fromWeb(given.body as ReadableStream<Uint8Array>);
  body.on("error", () => response.destroy());
  return body.pipe(response);
}

function pass(target: string, { method, headers }: IncomingMessage, response: ServerResponse): void {
  const passed = ask(target, { method, headers }, (given) => {
    response.writeHead(given.statusCode ?? 502, given.headers);
    given.pipe(response);
  });
  passed.on("error", () => response.destroy());
  response.on("close", () => passed.destroy());
  passed.end();
}

async function page(pathname: string, response: ServerResponse): Promise<void> {
  if (pathname !== "/page.js") {
    const html = '<!doctype html><body></body><script type="module" src="/page.js"></script>';
    response.writeHead(200, { "Content-Type": "text/html" }).end(html);
    return;
  }
  const script = await readFile(new URL("page.js", import.meta.url));
  response.writeHead(200, { "Content-Type": "text/javascript" }).end(script);
}
