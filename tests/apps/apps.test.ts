// Fresh applications that install the packed package. REGSTREAM_APPS=all: every one (`./dev apps`); otherwise the brief
// ones.
import { mkdirSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { dirname, join } from "node:path";

import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";

import { launchBrowser } from "../processes/browser.ts";
import { freePort } from "../processes/child.ts";
import { Gateway } from "../processes/gateway.ts";
import { pack } from "../processes/packed_package.ts";
import { temporaryFolder } from "../processes/temporary_folder.ts";
import { chosenApps } from "./choice.ts";
import type { App, Run } from "./matrix.ts";
import { PageServer } from "./page_server.ts";
import { npmInstall, run, spawnIn } from "./terminal.ts";

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
  await npmInstall(folder, tarball, ...packages);
  return folder;
}

/** Where the application can be looked at. */
async function start(folder: string, app: Exclude<Run, { readonly kind: "command" }>): Promise<string> {
  if (app.kind === "folder") {
    const server = await PageServer.start(join(folder, app.folder), gateway.url(""));
    servers.push(server);
    return server.url;
  }
  const port = await freePort();
  const server = spawnIn(folder, app.command.replace("{port}", String(port)));
  // At once: Next's would wait for the streams that it passes on.
  servers.push({ stop: () => server.stop("SIGKILL") });
  await server.untilOutput(new RegExp(`127\\.0\\.0\\.1:${port}`));
  return `http://127.0.0.1:${port}/`;
}

/** The page becomes live, and shows an update. */
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

describe.runIf(chosenApps.length > 0)("a fresh application", () => {
  for (const app of chosenApps) {
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
      // Large, and many.
      await Promise.all(servers.splice(0).map((server) => server.stop()));
      await rm(folder, { recursive: true });
    });
  }
});
