import { cpSync, symlinkSync, writeFileSync } from "node:fs";
import { execFileSync } from "node:child_process";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

import { build } from "esbuild";
import ts from "typescript";

import { Child, freePort } from "../processes/child.ts";
import { temporaryFolder } from "../processes/temporary_folder.ts";

const fileOf = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** A copy of the application in docs/moving/NAME/before, with these of its patches applied, without any package. */
export function patchedApp(name: string, patches: readonly string[]): string {
  const folder = temporaryFolder();
  cpSync(fileOf(`../../docs/moving/${name}/before`), folder, { recursive: true });
  for (const patch of patches) {
    // Outside of any repository, whose paths `git apply` would look for.
    const env = { PATH: process.env.PATH, GIT_CEILING_DIRECTORIES: dirname(folder) };
    execFileSync("git", ["apply", fileOf(`../../docs/moving/${name}/${patch}`)], { cwd: folder, stdio: "pipe", env });
  }
  return folder;
}

/** The same with this workspace's packages. */
export function movedApp(name: string, patches: readonly string[]): string {
  const folder = patchedApp(name, patches);
  symlinkSync(fileOf("../../node_modules"), join(folder, "node_modules"));
  return folder;
}

/** Runs `npx regstream-workflow workflow.json` there. */
export function writeWorkflowTypes(folder: string): void {
  const command = fileOf("../../wasm/bin/regstream-workflow.mjs");
  execFileSync("node", [command, "workflow.json"], { cwd: folder, stdio: "pipe" });
}

/** What the compiler says of these applications' own files, under strict rules. */
export function typeErrors(folders: readonly string[]): string[] {
  const files = folders.flatMap((folder) => ts.sys.readDirectory(folder, [".ts", ".tsx"], ["node_modules"]));
  const program = ts.createProgram(files, {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    jsx: ts.JsxEmit.ReactJSX,
    types: ["node"],
    typeRoots: [fileOf("../../node_modules/@types")],
  });
  return ts.getPreEmitDiagnostics(program).map(({ file, messageText }) => {
    return `${file?.fileName ?? ""}: ${ts.flattenDiagnosticMessageText(messageText, " ")}`;
  });
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
