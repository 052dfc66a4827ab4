import { cpSync, symlinkSync, writeFileSync } from "node:fs";
import { execFileSync } from "node:child_process";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

import { build } from "esbuild";

import { Child, freePort } from "../processes/child.ts";
import { temporaryFolder } from "../processes/temporary_folder.ts";

const fileOf = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** A copy of the application in docs/moving/NAME/before, with these of its patches applied. */
export function movedApp(name: string, patches: readonly string[]): string {
  const folder = temporaryFolder();
  cpSync(fileOf(`../../docs/moving/${name}/before`), folder, { recursive: true });
  for (const patch of patches) {
    execFileSync("git", ["apply", fileOf(`../../docs/moving/${name}/${patch}`)], { cwd: folder, stdio: "pipe" });
  }
  symlinkSync(fileOf("../../node_modules"), join(folder, "node_modules"));
  return folder;
}

/** An application's own server, as a process. */
export class MovingSite {
  private constructor(readonly port: number) {}

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Starts `server`, a module of the application that listens on $PORT, with its page's script beside it. */
  static async start(
    folder: string,
    server: string,
    page: string,
    environment: NodeJS.ProcessEnv,
  ): Promise<MovingSite> {
    const options = {
      absWorkingDir: folder,
      bundle: true,
      format: "esm",
      jsx: "automatic",
      logLevel: "silent",
    } as const;
    await build({ ...options, entryPoints: [server], outfile: "server.mjs", platform: "node", packages: "external" });
    await build({
      ...options,
      entryPoints: [page],
      outfile: "page.js",
      define: { "process.env.NODE_ENV": '"production"' },
    });
    const port = await freePort();
    const child = new Child("node", [join(folder, "server.mjs")], { ...environment, PORT: String(port) });
    await child.untilOutput(/listening/);
    return new MovingSite(port);
  }

  /** The same of an application of Next's: its routes, rewrites and one page, by a stand-in for Next. */
  static startNext(folder: string, page: string, environment: NodeJS.ProcessEnv): Promise<MovingSite> {
    const routes = execFileSync("find", ["app", "-name", "route.ts"], { cwd: folder, encoding: "utf8" });
    const paths = routes.split("\n").filter((path) => path !== "");
    const text = (path: string): string => JSON.stringify(`./${path}`);
    writeFileSync(
      join(folder, "server.ts"),
      [
        `import { serve } from ${JSON.stringify(`./${relative(folder, fileOf("next_stand_in.ts"))}`)};`,
        `import config from "./next.config.mjs";`,
        ...paths.map((path, index) => `import * as route${index} from ${text(path)};`),
        `serve(config, {${paths.map((path, index) => `${JSON.stringify(path)}: route${index}`).join(", ")}});`,
      ].join("\n"),
    );
    writeFileSync(
      join(folder, "page.tsx"),
      [
        `import { Suspense } from "react";`,
        `import { createRoot } from "react-dom/client";`,
        `import Page from ${text(page)};`,
        `const params = Promise.resolve({ id: location.pathname.split("/").at(-1) });`,
        `createRoot(document.body).render(<Suspense><Page params={params} /></Suspense>);`,
      ].join("\n"),
    );
    return MovingSite.start(folder, "server.ts", "page.tsx", environment);
  }
}
