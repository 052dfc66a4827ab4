import { readFileSync } from "node:fs";
import { createServer, type Server, type ServerResponse } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";

import { build } from "esbuild";

const { resolve } = createRequire(import.meta.url);
const streamPath = "/api/registrations/updates/stream";
const stages = ["duplicate_check", "t24_lookup", "account_validation", "status_update"];

export type PageName = "package_page" | "bare_page";

/** The text that a page shows for update `number` of a flood. */
export const messageOf = (number: number): string => `message ${number}`;

/** Update `number` as one event, as a gateway sends it. */
function eventOf(number: number): string {
  const id = `1702493000000-${number}`;
  const update = {
    registrationId: 42,
    status: "PENDING",
    stage: stages[(number >> 1) % stages.length],
    stageStatus: number % 2 === 0 ? "started" : "completed",
    message: messageOf(number),
    timestamp: 1_702_493_000_000 + number,
    id,
  };
  return `id: ${id}\ndata: ${JSON.stringify({ type: "update", data: update })}\n\n`;
}

async function bundle(page: PageName): Promise<Uint8Array> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL(`pages/${page}.ts`, import.meta.url))],
    bundle: true,
    minify: true,
    format: "esm",
    define: { "process.env.NODE_ENV": '"production"' },
    write: false,
  });
  return outputFiles[0]?.contents ?? new Uint8Array();
}

/** Serves the two pages and a stream that the measurement controls. Nothing is cached. */
export class PageServer {
  private readonly streams = new Set<ServerResponse>();
  private sent = 0;

  private constructor(
    private readonly server: Server,
    private readonly files: ReadonlyMap<string, { readonly type: string; readonly body: Uint8Array }>,
  ) {}

  static async start(): Promise<PageServer> {
    const files = new Map<string, { readonly type: string; readonly body: Uint8Array }>();
    for (const page of ["package_page", "bare_page"] as const) {
      const html = `<!doctype html><title>${page}</title><script type="module" src="/assets/${page}.js"></script>`;
      files.set(`/${page}`, { type: "text/html", body: new TextEncoder().encode(html) });
      files.set(`/assets/${page}.js`, { type: "text/javascript", body: await bundle(page) });
    }
    files.set("/regstream.wasm", { type: "application/wasm", body: readFileSync(resolve("regstream/regstream.wasm")) });
    const server = createServer();
    const pages = new PageServer(server, files);
    server.on("request", ({ url = "/" }, response: ServerResponse) =>
      pages.answer(new URL(url, "http://localhost").pathname, response),
    );
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    return pages;
  }

  url(page: PageName): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/${page}`;
  }

  /** Sends `count` updates as fast as the page reads them; returns the last one's message. */
  async flood(count: number): Promise<string> {
    const end = this.sent + count;
    while (this.sent < end) {
      let piece = "";
      for (let room = 100; room > 0 && this.sent < end; room -= 1) piece += eventOf(++this.sent);
      for (const stream of this.streams) {
        if (!stream.write(piece)) await new Promise((done) => stream.once("drain", done));
      }
    }
    return messageOf(end);
  }

  private answer(path: string, response: ServerResponse): void {
    const file = this.files.get(path);
    if (path === streamPath) {
      response.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-store" });
      // A new page gets something to show at once, as from a snapshot.
      response.write(`data: {"type":"connected","timestamp":1}\n\n${eventOf(++this.sent)}`);
      this.streams.add(response);
      response.on("close", () => this.streams.delete(response));
    } else if (file === undefined) {
      response.writeHead(404).end();
    } else {
      response.writeHead(200, { "Content-Type": file.type, "Cache-Control": "no-store" }).end(file.body);
    }
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((done) => this.server.close(done));
  }
}
