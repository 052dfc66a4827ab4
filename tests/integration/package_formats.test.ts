import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { createContext, runInContext } from "node:vm";

import { checkPackage, Package } from "@arethetypeswrong/core";
import { buildSync } from "esbuild";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { installPacked } from "../processes/packed_package.ts";
import { removeTemporaryFolders, temporaryFolder } from "../processes/temporary_folder.ts";

interface Manifest {
  readonly version: string;
  readonly exports: Readonly<Record<string, string | { readonly require: { readonly default: string } }>>;
}

const require = createRequire(import.meta.url);
const manifest = require("regstream/package.json") as Manifest;

/** Each entry as imported, and its CommonJS file. */
const entries = Object.entries(manifest.exports).flatMap(([name, target]) =>
  typeof target === "string" ? [] : [{ name: name.replace(".", "regstream"), file: target.require.default }],
);
/** Entries for a framework's components, which use types of the page. */
const forPages = ["react", "vue", "svelte"].map((name) => `regstream/${name}`);

const folder = temporaryFolder();
const at = (name: string): string => join(folder, name);
let tarball: Buffer;

const node = (...args: readonly string[]) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: folder, encoding: "utf8" });
  return { status, output: stdout + stderr };
};

beforeAll(() => {
  tarball = installPacked(folder, "commonjs");
});
afterAll(removeTemporaryFolders);

describe("the package, as ES modules and as CommonJS", () => {
  test("has an entry for each file at the top of its sources", () => {
    const sources = readdirSync(join(dirname(require.resolve("regstream/package.json")), "src")).filter((name) =>
      name.endsWith(".ts"),
    );
    const names = entries.map(({ name }) => `${name === "regstream" ? "index" : name.replace("regstream/", "")}.ts`);
    expect(names.sort()).toEqual(sources.sort());
  });

  test("is packed as publint requires", async () => {
    const pack = { tarball: new Uint8Array(tarball).buffer };
    const { messages, pkg } = await publint({ pack, strict: true });
    expect(messages.map((message) => formatMessage(message, pkg, { color: false }))).toEqual([]);
  });

  test("has types that are right under every resolution", async () => {
    const installed = at("node_modules/regstream");
    const names = readdirSync(installed, { recursive: true, withFileTypes: true }).filter((file) => file.isFile());
    const files = Object.fromEntries(
      names.map(({ parentPath, name }) => {
        const path = join(parentPath, name);
        return [path.replace(folder, ""), new Uint8Array(readFileSync(path))];
      }),
    );
    const checked = await checkPackage(new Package(files, "regstream", manifest.version));
    expect(checked.types).toMatchObject({ kind: "included" });
    const problems = "problems" in checked ? checked.problems : [];
    // A stylesheet, a module or data has no types, nor does package.json.
    expect(
      problems.filter((problem) => !("entrypoint" in problem) || !/\.(wasm|json)$/.test(problem.entrypoint)),
    ).toEqual([]);
  });

  test.each(entries)("runs $name without any global", ({ file }) => {
    const context = createContext({});
    const loaded = new Map<string, { exports: unknown }>();
    const peer = new Proxy({}, { get: () => () => ({}) });
    const load = (path: string): unknown => {
      const known = loaded.get(path);
      if (known !== undefined) return known.exports;
      const module = { exports: {} };
      loaded.set(path, module);
      const code = `(function (module, exports, require) {${readFileSync(path, "utf8")}\n})`;
      const run = runInContext(code, context, { filename: path }) as (...args: unknown[]) => void;
      // A module outside the package is a peer with demands of its own: here all its exports are functions.
      run(module, module.exports, (name: string) => (name.startsWith(".") ? load(resolve(dirname(path), name)) : peer));
      return module.exports;
    };
    expect(load(at(join("node_modules/regstream", file)))).toBeTypeOf("object");
  });

  test("gives both formats the same exports and one shared core", () => {
    const names = entries.map(({ name }) => name).filter((name) => !forPages.includes(name));
    writeFileSync(
      at("both.cjs"),
      `
      (async () => {
        for (const name of ${JSON.stringify(names)}) {
          const [required, imported] = [require(name), await import(name)];
          const ofNode = ["default", "module.exports"];
          const missing = Object.keys(imported).filter((key) => !ofNode.includes(key) && !(key in required));
          if (missing.length > 0) throw new Error(name + " lacks " + missing);
        }
        const [required, imported] = [require("regstream"), await import("regstream")];
        console.log((await required.loadCore()) === (await imported.loadCore()));
      })();
    `,
    );
    expect(node("both.cjs")).toEqual({ status: 0, output: "true\n" });
  });
});

describe("a bundle without import.meta, as of a classic worker", () => {
  const bundle = (code: string): string => {
    const stdin = { contents: code, resolveDir: folder };
    const { outputFiles } = buildSync({
      stdin,
      bundle: true,
      format: "iife",
      platform: "browser",
      logLevel: "silent",
      write: false,
    });
    return outputFiles[0]?.text ?? "";
  };
  /** A worker's globals. */
  const worker = (): object => ({ URL, WebAssembly, TextEncoder, TextDecoder, atob, Uint8Array, result: undefined });
  const load = async (code: string): Promise<string> => {
    const scope = createContext(worker()) as { result: Promise<string> };
    runInContext(bundle(code), scope);
    return await scope.result;
  };

  test("says how it can find the module", async () => {
    const said = await load(
      'import { loadCore } from "regstream"; globalThis.result = loadCore().then(String, String);',
    );
    expect(said).toMatch(
      /^StreamError: This bundle has no import.meta.url.*loadCore\(address\).*import "regstream\/inline"/,
    );
  });

  test("finds the embedded module", async () => {
    const code =
      'import "regstream/inline"; import { loadCore } from "regstream"; ' +
      "globalThis.result = loadCore().then((core) => String(core.isDead), String);";
    expect(await load(code)).toBe("false");
  });
});

/** A program's compiler options; every file of the package is checked as well. */
const resolutions = [
  { name: "node10", module: "commonjs", moduleResolution: "node10", file: "program.ts" },
  { name: "node16, as CommonJS", module: "node16", moduleResolution: "node16", file: "program.cts" },
  { name: "node16, as an ES module", module: "node16", moduleResolution: "node16", file: "program.mts" },
  { name: "bundler", module: "esnext", moduleResolution: "bundler", file: "program.ts" },
];

describe("the package's types", () => {
  const compiler = join(dirname(require.resolve("typescript/package.json")), "bin/tsc");

  test.each(
    resolutions.flatMap((resolution) => [
      { ...resolution, lib: "es2022" },
      { ...resolution, lib: "es2022,dom" },
    ]),
  )("are whole under $name with $lib", ({ module, moduleResolution, lib, file }) => {
    const names = entries.map(({ name }) => name).filter((name) => !forPages.includes(name));
    const imports = names.map((name, index) => `import * as entry${index} from "${name}";`).join("\n");
    writeFileSync(
      at(file),
      `${imports}
        import { WorkflowStream } from "regstream";
        import { createPublisher, type Publisher } from "regstream/publisher";
        import { registrationWorkflow, type StageOf } from "regstream/workflow";
        export const all = [${names.map((_, index) => `entry${index}`).join()}];
        export const stream = new WorkflowStream(registrationWorkflow, { id: 42, headers: { "X-Page": "1" } });
        export const stages: readonly StageOf<typeof registrationWorkflow>[] =
          registrationWorkflow.stages.map(({ name }) => name);
        export const make: (redis: Parameters<typeof createPublisher>[0]) => Publisher =
          (redis) => createPublisher(redis);
        // @ts-expect-error: ids are numbers
        stream.view("42");
      `,
    );
    const options = ["--noEmit", "--strict", "--target", "es2022", "--skipLibCheck", "false", "--lib", lib];
    expect(node(compiler, ...options, "--module", module, "--moduleResolution", moduleResolution, file)).toEqual({
      status: 0,
      output: "",
    });
  });
});
