import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";

import manifest from "regstream/package.json" with { type: "json" };
import ts from "typescript";

const packageFolder = fileURLToPath(new URL("../../wasm/dist", import.meta.url));
const testsFolder = fileURLToPath(new URL("..", import.meta.url));

const types: Readonly<Record<string, string>> = {
  ".js": "text/javascript",
  ".ts": "text/javascript",
  ".wasm": "application/wasm",
  ".md": "text/markdown; charset=utf-8",
};

/** Each entry of the package by its name, as a bundler would resolve it. */
const imports = Object.fromEntries(
  Object.entries(manifest.exports).flatMap(([name, target]) =>
    typeof target === "string"
      ? []
      : [[name.replace(".", "regstream"), target.import.default.replace("./dist/", "/package/")]],
  ),
);

/** A page with `script` as its only content, which may import the package by name. */
const pageOf = (script: string): string => `<!doctype html>
<script type="importmap">${JSON.stringify({ imports })}</script>
<script type="module" src="${script}"></script>`;

/** Serves the built package below /package/ and these tests' modules below /tests/ to a browser on this machine. */
export class ModuleServer {
  private constructor(private readonly server: Server) {}

  static async start(): Promise<ModuleServer> {
    const server = createServer((request, response) => {
      const { pathname, searchParams } = new URL(request.url ?? "/", "http://localhost");
      const script = searchParams.get("script");
      const answer =
        pathname === "/" && script !== null
          ? Promise.resolve({ type: "text/html", body: pageOf(script) })
          : read(pathname);
      answer.then(
        ({ type, body }) => response.writeHead(200, { "Content-Type": type }).end(body),
        (error: unknown) => response.writeHead(404).end(String(error)),
      );
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return new ModuleServer(server);
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** The address of a page that runs the module at `script`, a path such as /tests/browser/some_page.ts. */
  pageWith(script: string): string {
    return `http://127.0.0.1:${this.port}/?script=${encodeURIComponent(script)}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

async function read(pathname: string): Promise<{ type: string; body: Buffer | string }> {
  // URL has normalized the path: it can't lead out of the folder.
  const [, root, rest = ""] = /^\/(package|tests)\/(.+)$/.exec(pathname) ?? [];
  const type = types[extname(pathname)];
  if (root === undefined || type === undefined) throw new Error(`${pathname} is not served`);
  const content = await readFile(join(root === "package" ? packageFolder : testsFolder, rest));
  if (extname(pathname) !== ".ts") return { type, body: content };
  const { outputText } = ts.transpileModule(content.toString("utf8"), {
    compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 },
  });
  return { type, body: outputText };
}
