// What the documents point at is there, and the TypeScript that they show has its types.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

import ts from "typescript";
import { describe, expect, test } from "vitest";

import { type Block, readAnchors, readLinks, splitMarkdown } from "./markdown.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** Committed, or about to be. */
const documents = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard", "*.md"], {
  cwd: root,
  encoding: "utf8",
})
  .split("\0")
  .filter((path) => path !== "" && existsSync(join(root, path)));

const read = (path: string): string => readFileSync(join(root, path), "utf8");

/** Why a link of a document leads nowhere; null if it leads somewhere. Other sites are not asked. */
function problemOf(document: string, target: string): string | null {
  if (/^(https?|mailto):/.test(target)) return null;
  const [path = "", anchor] = target.split("#");
  const file = path === "" ? document : join(dirname(document), decodeURIComponent(path));
  if (file.startsWith("..")) return "leaves the repository";
  if (!existsSync(join(root, file))) return "there is no such file";
  if (anchor === undefined || !file.endsWith(".md")) return null;
  return readAnchors(read(file)).has(anchor) ? null : `${file} has no heading #${anchor}`;
}

/** Paths in code font that begin with a folder of the repository: `tests/unit/hub`. What a build makes is left out. */
function pathsInCode(document: string): readonly string[] {
  return splitMarkdown(document).prose.flatMap(({ text }) =>
    [...text.matchAll(/`((?:core|docs|examples|native|packaging|tests|wasm|web-demo|workflows)\/[\w./-]+)`/g)].flatMap(
      ([, path = ""]) => (/\/dist(\/|$)/.test(path) ? [] : [path]),
    ),
  );
}

/** A path may leave the extension out, as the names of tests do. */
function isThere(path: string): boolean {
  return ["", ".ts", ".test.ts", ".cpp", ".hpp"].some((extension) => existsSync(join(root, path + extension)));
}

describe("the reader of documents", () => {
  test("finds links and pictures, in prose alone", () => {
    const text = "[a](b.md) ![c](d.png) `[e](f)` [g](h.md#i-j)\n\n```md\n[k](l)\n```\n\n    [m](n)\n";
    expect(readLinks(text).map(({ target }) => target)).toEqual(["b.md", "d.png", "h.md#i-j"]);
  });

  test("gives headings the anchors that GitHub gives them", () => {
    const text = "# What it is, in `code`\n## 4. Resume\n## Resume\n## Resume\n```sh\n# none\n```\n";
    expect([...readAnchors(text)]).toEqual(["what-it-is-in-code", "4-resume", "resume", "resume-1"]);
  });

  test("notices a file and a heading that are not there", () => {
    expect(problemOf("README.md", "docs/nothing.md")).toMatch(/no such file/);
    expect(problemOf("README.md", "docs/README.md#nothing")).toMatch(/no heading/);
    expect(problemOf("README.md", "../outside.md")).toMatch(/leaves/);
    expect(problemOf("README.md", "docs/README.md#documents")).toBeNull();
  });
});

describe("the documents", () => {
  test("there are many", () => expect(documents.length).toBeGreaterThan(40));

  test.each(documents)("%s: every link leads to a file and a heading", (document) => {
    const broken = readLinks(read(document)).flatMap(({ target, line }) => {
      const problem = problemOf(document, target);
      return problem === null ? [] : [`${document}:${line}: (${target}) ${problem}`];
    });
    expect(broken).toEqual([]);
  });

  test.each(documents)("%s: every path in code font is there", (document) => {
    expect(pathsInCode(read(document)).filter((path) => !isThere(path))).toEqual([]);
  });

  test("docs/README.md lists every document of docs/", () => {
    const listed = new Set(
      readLinks(read("docs/README.md")).map(({ target }) => join("docs", target.split("#")[0] ?? "")),
    );
    const missing = documents.filter(
      (path) =>
        path.startsWith("docs/") && path !== "docs/README.md" && !path.startsWith("docs/moving/") && !listed.has(path),
    );
    expect(missing).toEqual([]);
  });

  test("the README fits on a few screens", () => {
    expect(read("README.md").split("\n").length).toBeLessThanOrEqual(121);
  });
});

// ```ts check or ```tsx check: a module by itself, as a reader would paste it.
describe("TypeScript that a document shows", () => {
  const blocks = documents.flatMap((document) =>
    splitMarkdown(read(document))
      .blocks.filter(({ language, marks }) => /^tsx?$/.test(language) && marks.includes("check"))
      .map((block) => ({ document, block })),
  );

  const options: ts.CompilerOptions = {
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    jsx: ts.JsxEmit.ReactJSX,
    lib: ["lib.es2023.d.ts", "lib.dom.d.ts", "lib.dom.iterable.d.ts"],
    types: ["node"],
    strict: true,
    noUncheckedIndexedAccess: true,
    skipLibCheck: true,
    noEmit: true,
  };

  /** The mistakes in modules, each a file of this folder that only the compiler sees. */
  function mistakesIn(modules: ReadonlyMap<string, string>): readonly string[] {
    const host = ts.createCompilerHost(options);
    const { fileExists, readFile, getSourceFile } = host;
    host.fileExists = (path) => modules.has(path) || fileExists(path);
    host.readFile = (path) => modules.get(path) ?? readFile(path);
    host.getSourceFile = (path, ...more) => {
      const text = modules.get(path);
      return text === undefined
        ? getSourceFile.call(host, path, ...more)
        : ts.createSourceFile(path, text, ts.ScriptTarget.ES2022, true);
    };
    const program = ts.createProgram([...modules.keys()], options, host);
    return [...modules.keys()].flatMap((path) => {
      const file = program.getSourceFile(path);
      return [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)].map(
        ({ messageText, start }) => {
          const line =
            file === undefined || start === undefined ? 0 : file.getLineAndCharacterOfPosition(start).line + 1;
          const what = ts.flattenDiagnosticMessageText(messageText, " ");
          return `${relative(root, path)}, line ${line} of the block: ${what}`;
        },
      );
    });
  }

  const moduleOf = (name: string, { language }: Block): string =>
    join(root, "tests/vectors", `${name.replace(/\W/g, "_")}.${language}`);

  test("is there to be checked", () => expect(blocks.length).toBeGreaterThanOrEqual(2));

  test("has its types", () => {
    const modules = new Map(
      blocks.map(({ document, block }) => [moduleOf(`${document}_line_${block.line}`, block), block.text] as const),
    );
    expect(mistakesIn(modules)).toEqual([]);
  });

  test("is found wrong where it is wrong", () => {
    const path = join(root, "tests/vectors/wrong.ts");
    const text = 'import { createPublisher } from "regstream/publisher";\ncreatePublisher("localhost").publish();\n';
    expect(mistakesIn(new Map([[path, text]])).length).toBeGreaterThan(0);
  });
});
