// The examples that have a server of their own, installed as fresh applications.
import { cpSync } from "node:fs";
import { rm } from "node:fs/promises";
import { request } from "node:http";
import { fileURLToPath } from "node:url";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { launchBrowser } from "../processes/browser.ts";
import { freePort } from "../processes/child.ts";
import { EventStream, isFinal } from "../processes/event_stream.ts";
import { Gateway } from "../processes/gateway.ts";
import { pack } from "../processes/packed_package.ts";
import { RedisServer } from "../processes/redis.ts";
import { temporaryFolder } from "../processes/temporary_folder.ts";
import { chosenServers } from "./choice.ts";
import { npmInstall, run, spawnIn } from "./terminal.ts";

const stream = "/api/registrations/updates/stream?registrationId=42";

async function clickInChromium(url: string): Promise<void> {
  const browser = await launchBrowser();
  const page = await browser.newPage();
  page.setDefaultTimeout(30_000);
  await page.goto(url);
  await page.getByText(/^Live$/).waitFor();
  await page.getByRole("button", { name: "Validate Customer" }).click();
  await page.getByText("Customer validated successfully").waitFor();
  await browser.close();
}

/** The type of the answer to a request line that names another server. Nothing listens on port 1. */
function typeOfAbsoluteTarget(port: number): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const asking = request({ port, host: "127.0.0.1", path: `http://127.0.0.1:1${stream}` }, (answer) => {
      resolve(answer.headers["content-type"]);
      asking.destroy();
    });
    asking.on("error", reject).end();
  });
}

describe.runIf(chosenServers.length > 0)("an example with a server of its own", () => {
  let tarball = "";
  let redis: RedisServer;
  let gateway: Gateway;
  beforeAll(async () => {
    [tarball = ""] = pack(temporaryFolder(), "wasm");
    redis = await RedisServer.start();
    gateway = await Gateway.start({ hasDemo: false, redis: redis.address });
  });
  afterAll(async () => {
    await gateway.stop("SIGKILL");
    await redis.stop();
  });

  test.each(chosenServers)(
    "$name: validates on request, and passes the stream on, with its place",
    { timeout: 240_000 },
    async (example) => {
      const folder = temporaryFolder();
      cpSync(fileURLToPath(new URL(`../../examples/${example.folder}`, import.meta.url)), folder, { recursive: true });
      await npmInstall(folder, tarball);
      const port = await freePort();
      const environment = {
        GATEWAY: gateway.url(""),
        PORT: String(port),
        REDIS_HOST: "127.0.0.1",
        REDIS_PORT: String(redis.port),
      };
      if (example.build !== undefined) await run(folder, example.build, environment);
      const server = spawnIn(folder, example.start.replace("{port}", String(port)), environment);
      await server.untilOutput(new RegExp(`127\\.0\\.0\\.1:${port}`));
      const url = (path: string): string => `http://127.0.0.1:${port}${path}`;
      const ask = (id: string): Promise<Response> => fetch(url(`/api/registrations/${id}/process`), { method: "POST" });

      const live = await EventStream.open(url(stream));
      expect(await live.next()).toMatchObject({ type: "connected" });
      expect((await ask("42")).status).toBe(202);
      const updates = await live.updatesUntil(isFinal);
      expect(updates).toMatchObject([
        { status: "PENDING", stage: "t24_lookup", stageStatus: "started" },
        { status: "PENDING", stage: "t24_lookup", stageStatus: "completed" },
        { status: "APPROVED", message: "Customer validated successfully" },
      ]);
      live.close();

      const resumed = await EventStream.open(url(stream), { "Last-Event-ID": updates[0]?.id ?? "" });
      expect(await resumed.updatesUntil(isFinal)).toEqual(updates.slice(1));
      resumed.close();

      expect((await ask("no-number")).status).toBe(400);
      if (example.hasPage) await clickInChromium(url("/"));
      else expect(await typeOfAbsoluteTarget(port)).toBe("text/event-stream");

      // SIGKILL, since Next's server would wait for its streams.
      await server.stop("SIGKILL");
      await rm(folder, { recursive: true });
    },
  );
});
