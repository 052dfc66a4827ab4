// Fresh applications that install the packed package. REGSTREAM_APPS=all runs every one (`./dev apps`); the default are
// the quick ones.
import { mkdirSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { dirname, join } from "node:path";

import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";

import { launchBrowser } from "../processes/browser.ts";
import { Child, freePort } from "../processes/child.ts";
import { Gateway } from "../processes/gateway.ts";
import { pack } from "../processes/packed_package.ts";
import { temporaryFolder } from "../processes/temporary_folder.ts";
import { type App, apps, type Run } from "./matrix.ts";
import { PageServer } from "./page_server.ts";

const chosen = process.env.REGSTREAM_APPS ?? "";
const isChosen = ({ name, isBrief }: App): boolean =>
  chosen === "all" || (chosen === "" ? isBrief === true : name.includes(chosen));
const nodeMajor = Number(process.versions.node.split(".")[0]);
const runsHere = ({ nodeMin = 18 }: App): boolean => nodeMajor >= nodeMin;

const wanted = apps.filter(isChosen);
const tooNew = wanted.filter((app) => !runsHere(app)).map(({ name }) => name);
if (tooNew.length > 0) {
  const why = `Node ${process.versions.node} is too old for ${tooNew.join("; ")}`;
  // A full run has to report this. Debian 12's own Node runs the others.
  if (chosen !== "") throw new Error(`${why}: put a newer one on the PATH`);
  console.warn(`${why}: not tested here`);
}

/**
 * The environment of a separate terminal: npm and npx pass this workspace's settings on, and Vitest those of its tests.
 */
const ofThisRun = Object.keys(process.env).filter((name) => /^npm_|^NODE_ENV$|^VITE|^CI$|^FORCE_/.test(name));
const environment: NodeJS.ProcessEnv = {
  ...Object.fromEntries(ofThisRun.map((name) => [name, undefined])),
  NO_COLOR: "1", // Reads the address that a server prints.
};

let browser: Browser;
let tarball = "";
let gateway: Gateway;
const servers: { stop(): Promise<unknown> }[] = [];

beforeAll(async () => {
  [tarball = ""] = pack(temporaryFolder(), "wasm");
  browser = await launchBrowser();
  gateway = await Gateway.start({ hasDemo: false });
});
afterAll(async () => {
  await browser.close();
});
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop()));
});

async function install({ packages, manifest, files }: App): Promise<string> {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, ...manifest }));
  const all = Object.entries(files(gateway.url("")));
  for (const [name, text] of all) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  const options = "--save-exact --prefer-offline --no-audit --no-fund --loglevel=error";
  await run(folder, `npm install ${options} ${[tarball, ...packages].join(" ")}`);
  return folder;
}

function spawnIn(folder: string, command: string): Child {
  return new Child("sh", ["-c", `cd "$0" && exec ${command}`, folder], environment);
}

async function run(folder: string, command: string): Promise<void> {
  const child = spawnIn(folder, command);
  if ((await child.exited) !== 0) throw new Error(`${command} failed:\n${child.log}`);
}

/** The application's address. */
async function start(folder: string, app: Exclude<Run, { readonly kind: "command" }>): Promise<string> {
  if (app.kind === "folder") {
    const server = await PageServer.start(join(folder, app.folder), gateway.url(""));
    servers.push(server);
    return server.url;
  }
  const port = await freePort();
  const server = spawnIn(folder, app.command.replace("{port}", String(port)));
  // At once: Next's server would wait for the streams that it forwards.
  servers.push({ stop: () => server.stop("SIGKILL") });
  await server.untilOutput(new RegExp(`127\\.0\\.0\\.1:${port}`));
  return `http://127.0.0.1:${port}/`;
}

/** Checks that the page becomes live and shows an update. */
async function look(url: string): Promise<void> {
  const page = await browser.newPage();
  const said: string[] = [];
  page.on("console", (message) => said.push(message.text()));
  page.on("pageerror", (error) => said.push(String(error)));
  const until = (text: string) =>
    page
      .waitForFunction((wanted) => document.body?.textContent?.includes(wanted), text, { timeout: 30_000 })
      .catch(async () => {
        throw new Error(
          `The page never said "${text}": ` +
            `${await page.evaluate(() => document.documentElement.outerHTML)}\n${said.join("\n")}`,
        );
      });
  await page.goto(url);
  await until("Live: ");
  const message = `Hello at ${Date.now()}`;
  const body = JSON.stringify({ stage: "first", stageStatus: "started", message });
  const { status } = await fetch(gateway.url("/api/registrations/42/updates"), {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body,
  });
  expect(status).toBeLessThan(300);
  await until(`Live: ${message}`);
  expect(said.filter((text) => text.includes("regstream"))).toEqual([]);
  await page.close();
}

describe("a fresh application", () => {
  for (const app of wanted.filter(runsHere)) {
    test(app.name, { timeout: 240_000 }, async () => {
      const folder = await install(app);
      for (const command of app.build ?? []) await run(folder, command);
      for (const way of app.runs) {
        if (way.kind === "command") await run(folder, way.command);
        else {
          const url = await start(folder, way);
          await look(url);
          if (app.serverRoute !== undefined) {
            const answer = await fetch(`${url}${app.serverRoute}`);
            expect(await answer.json()).toEqual({ connection: "idle", error: null });
          }
        }
      }
      // These folders are large.
      await Promise.all(servers.splice(0).map((server) => server.stop()));
      await rm(folder, { recursive: true });
    });
  }
});
