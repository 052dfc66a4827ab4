import { readFile } from "node:fs/promises";
import { createServer, request as ask, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join } from "node:path";

const types: Readonly<Record<string, string>> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".wasm": "application/wasm",
};

/**
 * Serves a built application as most hosts do: files as they are, the page for any other address, and /api/ from the
 * gateway.
 */
export class PageServer {
  private constructor(private readonly server: Server) {}

  static async start(
    folder: string,
    gateway: string,
    page = '<!doctype html><script type="module" src="/main.js"></script>',
  ): Promise<PageServer> {
    const server = createServer((request, response) => {
      const path = request.url ?? "/";
      if (path.startsWith("/api/")) {
        const { method, headers } = request;
        const passed = ask(`${gateway}${path}`, { method, headers }, (answer) => {
          response.writeHead(answer.statusCode ?? 502, answer.headers);
          answer.pipe(response);
        });
        passed.on("error", () => response.destroy());
        response.on("close", () => passed.destroy());
        request.pipe(passed);
        return;
      }
      const file = new URL(path, "http://localhost").pathname;
      readFile(join(folder, file.endsWith("/") ? "index.html" : file)).then(
        (body) =>
          response
            .writeHead(200, { "Content-Type": types[extname(file) || ".html"] ?? "application/octet-stream" })
            .end(body),
        () => response.writeHead(200, { "Content-Type": "text/html" }).end(page),
      );
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return new PageServer(server);
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
