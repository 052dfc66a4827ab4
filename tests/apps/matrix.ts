/** The applications that install the package: what a developer writes for each, and how it is run. */

import { documentedFile } from "./documented_file.ts";

/** How to check that an application works. */
export type Run =
  /** Its own server, started by this command; `{port}` is replaced by the port. */
  | { readonly kind: "serve"; readonly command: string }
  /** A folder for any static server. */
  | { readonly kind: "folder"; readonly folder: string }
  /** A command that must succeed. */
  | { readonly kind: "command"; readonly command: string };

export interface App {
  readonly name: string;
  /** Whether `./dev test` runs it, too. */
  readonly isBrief?: boolean;
  /** The oldest major version of Node that runs it. Default: 18. */
  readonly nodeMin?: number;
  /** Further packages, with exact versions. */
  readonly packages: readonly string[];
  /** Further members of its package.json. */
  readonly manifest?: object;
  readonly files: (gateway: string) => Readonly<Record<string, string>>;
  /** Commands to run first, in order. */
  readonly build?: readonly string[];
  readonly runs: readonly Run[];
  /** A route of its server that loads the module there and reports errors. */
  readonly serverRoute?: string;
}

const page = `
import { RegistrationStream } from "regstream";

const stream = new RegistrationStream({ registrationId: 42 });
stream.subscribe(() => {
  const { isConnected, registration, error } = stream.getSnapshot();
  document.body.textContent = error?.message ?? (isConnected ? "Live: " : "Offline: ") + registration?.message;
});
stream.connect();
`;

const html = '<!doctype html><body></body><script type="module" src="/main.js"></script>\n';

function viteApp(version: string, isBrief = false): App {
  return {
    name: `Vite ${version}`,
    isBrief,
    nodeMin: version.startsWith("5") || version.startsWith("6") ? 18 : 20,
    packages: [`vite@${version}`],
    files: (gateway) => ({
      "index.html": html,
      "main.js": page,
      "vite.config.js": documentedFile("Vite", "vite.config.js", gateway),
    }),
    build: ["npx vite build"],
    runs: [
      { kind: "serve", command: "node_modules/.bin/vite --host 127.0.0.1 --strictPort --port {port}" },
      { kind: "folder", folder: "dist" },
    ],
  };
}

/** A framework that Vite compiles: the documented settings, its plugin, and its own files. */
function compiledByVite(
  framework: string,
  {
    packages,
    plugin,
    files,
  }: {
    readonly packages: readonly string[];
    readonly plugin: string;
    readonly files: Readonly<Record<string, string>>;
  },
): App {
  const vite = viteApp("8.4.0");
  return {
    ...vite,
    name: `${framework}, Vite 8`,
    isBrief: false,
    packages: [...vite.packages, ...packages],
    files: (gateway) => ({
      "index.html": html,
      "documented.mjs": documentedFile("Vite", "vite.config.js", gateway),
      "vite.config.mjs":
        `import documented from "./documented.mjs";\n${plugin}\n` +
        "export default { ...documented, plugins: [framework()] };\n",
      ...files,
    }),
  };
}

const vueApp = compiledByVite("Vue 3", {
  packages: ["vue@3.5.45", "@vitejs/plugin-vue@6.0.11"],
  plugin: 'import framework from "@vitejs/plugin-vue";',
  files: {
    "main.js": `import { createApp } from "vue";
import Progress from "./Progress.vue";

createApp(Progress, { registrationId: 42 }).mount(document.body);
`,
    "Progress.vue": `<script setup>
import { useRegistrationUpdates } from "regstream/vue";

const props = defineProps({ registrationId: Number });
const { isConnected, registration, error } = useRegistrationUpdates({ registrationId: () => props.registrationId });
</script>

<template>
  <p>{{ error?.message ?? (isConnected ? "Live: " : "Offline: ") + registration?.message }}</p>
</template>
`,
  },
});

const svelteApp = compiledByVite("Svelte 5", {
  packages: ["svelte@5.57.3", "@sveltejs/vite-plugin-svelte@7.3.1"],
  plugin: 'import { svelte as framework } from "@sveltejs/vite-plugin-svelte";',
  files: {
    "main.js": `import { mount } from "svelte";
import Progress from "./Progress.svelte";

mount(Progress, { target: document.body, props: { registrationId: 42 } });
`,
    "Progress.svelte": `<script>
  import { registrationUpdates } from "regstream/svelte";

  const { registrationId } = $props();
  const live = $derived(registrationUpdates({ registrationId }));
</script>

<p>{$live.error?.message ?? ($live.isConnected ? "Live: " : "Offline: ") + $live.registration?.message}</p>
`,
  },
});

function nextApp(bundler: "turbopack" | "webpack"): App {
  return {
    name: `Next 16, ${bundler}`,
    isBrief: bundler === "turbopack",
    nodeMin: 20,
    packages: ["next@16.4.6", "react@19.2.0", "react-dom@19.2.0"],
    files: (gateway) => ({
      "next.config.mjs": documentedFile("Next", "next.config.mjs", gateway),
      "app/layout.jsx":
        "export default function Layout({ children }) { return <html><body>{children}</body></html>; }\n",
      "app/page.jsx":
        'import { Progress } from "./progress";\nexport default function Page() { return <Progress />; }\n',
      "app/progress.jsx": `"use client";
import { useRegistrationUpdates } from "regstream/react";

export function Progress() {
  const { isConnected, registration, error } = useRegistrationUpdates({ registrationId: 42 });
  return <p>{error?.message ?? (isConnected ? "Live: " : "Offline: ") + registration?.message}</p>;
}
`,
      // A route of the server, which uses the package's build for servers.
      "app/server/route.js": `${bundler === "webpack" ? 'import "regstream/inline";' : ""}
import { loadCore, RegistrationStream } from "regstream";

export const dynamic = "force-dynamic";
export async function GET() {
  const error = await loadCore().then(() => null, (failure) => failure.message);
  return Response.json({ connection: new RegistrationStream().getSnapshot().connection, error });
}
`,
    }),
    build: [`npx next build --${bundler}`],
    serverRoute: "server",
    runs: [{ kind: "serve", command: "node_modules/.bin/next start --hostname 127.0.0.1 --port {port}" }],
  };
}

const fakePage = (load: string) => `${load}

test("a page's stream", async () => {
  let source;
  class FakeEventSource {
    constructor() { source = this; }
    close() {}
  }
  const stream = new RegistrationStream({ registrationId: 42, eventSource: FakeEventSource });
  stream.connect();
  // The request is made a microtask later.
  await null;
  source.onopen();
  const data = { registrationId: 42, status: "S", message: "Hi" };
  source.onmessage({ data: JSON.stringify({ type: "update", data }), lastEventId: "1-1" });
  await new Promise((resolve, reject) => stream.subscribe(() => {
    const { registration, error } = stream.getSnapshot();
    if (error) reject(error);
    if (registration) resolve();
  }));
  expect(stream.getSnapshot().registration.message).toBe("Hi");
  stream.close();
});
`;

export const apps: readonly App[] = [
  viteApp("5.4.21"),
  // Debian 12's own Node runs this version, but not newer ones.
  viteApp("6.4.6", true),
  viteApp("7.3.8"),
  viteApp("8.4.0", true),
  vueApp,
  svelteApp,
  nextApp("turbopack"),
  nextApp("webpack"),
  {
    name: "webpack 5",
    packages: ["webpack@5.113.0", "webpack-cli@6.0.1"],
    files: (gateway) => ({
      "main.js": page,
      "webpack.config.cjs": documentedFile("webpack", "webpack.config.cjs", gateway),
    }),
    build: ["npx webpack"],
    runs: [{ kind: "folder", folder: "dist" }],
  },
  {
    name: "Rollup 4",
    packages: ["rollup@4.68.8", "@rollup/plugin-node-resolve@16.0.3", "@web/rollup-plugin-import-meta-assets@2.3.3"],
    files: (gateway) => ({
      "main.js": page,
      "rollup.config.mjs": documentedFile("Rollup", "rollup.config.mjs", gateway),
    }),
    build: ["npx rollup -c"],
    runs: [{ kind: "folder", folder: "dist" }],
  },
  {
    name: "Parcel 2",
    packages: ["parcel@2.16.4"],
    manifest: { "@parcel/resolver-default": { packageExports: true } },
    files: () => ({ "index.html": html.replace("/main.js", "main.js"), "main.js": page }),
    build: ["npx parcel build index.html"],
    runs: [{ kind: "folder", folder: "dist" }],
  },
  ...["esm", "iife"].map(
    (format): App => ({
      name: `esbuild, ${format}`,
      packages: ["esbuild@0.28.2"],
      files: (gateway) => ({ "page.js": page, "main.js": documentedFile("esbuild", "main.js", gateway) }),
      build: [`npx esbuild main.js --bundle --format=${format} --outfile=dist/main.js`],
      runs: [{ kind: "folder", folder: "dist" }],
    }),
  ),
  {
    name: "no bundler",
    packages: [],
    files: (gateway) => ({ "main.js": page, "index.html": documentedFile("No bundler", "index.html", gateway) }),
    runs: [{ kind: "folder", folder: "." }],
  },
  ...["cjs", "mjs"].map((extension): App => {
    const names = ["regstream", "regstream/publisher", "regstream/workflow", "regstream/parser"];
    const load =
      extension === "cjs" ? (name: string) => `require("${name}")` : (name: string) => `await import("${name}")`;
    return {
      name: `Node, ${extension}`,
      isBrief: extension === "cjs",
      packages: [],
      files: (gateway) => ({
        [`main.${extension}`]: `
          ${names.map((name) => `console.log("${name}", Object.keys(${load(name)}).length > 0);`).join("\n")}
          const { RegistrationStream } = ${load("regstream")};
          const url = "${gateway}/api/registrations/updates/stream";
          const stream = new RegistrationStream({ registrationId: 42, url });
          stream.subscribe(() => {
            const { isConnected, error } = stream.getSnapshot();
            if (error) throw error;
            if (isConnected) stream.close();
          });
          stream.connect();
        `,
      }),
      runs: [{ kind: "command", command: `node main.${extension}` }],
    };
  }),
  {
    name: "Jest 30, jsdom",
    isBrief: true,
    packages: ["jest@30.5.2", "jest-environment-jsdom@30.5.2"],
    files: () => ({
      "page.test.js":
        "/** @jest-environment jsdom */\n" + fakePage('const { RegistrationStream } = require("regstream");'),
    }),
    runs: [{ kind: "command", command: "npx jest" }],
  },
  ...["3.2.4", "5.1.2"].map(
    (version): App => ({
      name: `Vitest ${version}, jsdom`,
      nodeMin: 20,
      packages: [`vitest@${version}`, "jsdom@26.1.0"],
      files: () => ({
        "page.test.mjs":
          '// @vitest-environment jsdom\nimport { expect, test } from "vitest";\n' +
          fakePage('import { RegistrationStream } from "regstream";'),
      }),
      runs: [{ kind: "command", command: "npx vitest run" }],
    }),
  ),
];
