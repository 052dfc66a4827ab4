// docs/moving: the given system's application after its move, in Next itself. Only with REGSTREAM_APPS=all, or "moved".
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { expect, test } from "vitest";

import { patchedApp } from "../browser/moving_site.ts";
import { launchBrowser } from "../processes/browser.ts";
import { Child, freePort } from "../processes/child.ts";
import { Gateway } from "../processes/gateway.ts";
import { pack } from "../processes/packed_package.ts";
import { RedisServer } from "../processes/redis.ts";
import { temporaryFolder } from "../processes/temporary_folder.ts";

const steps = ["1_stream.patch", "2_page.patch", "3_publisher.patch"];
const packages = [
  ...["next@16.4.6", "react@19.2.0", "react-dom@19.2.0", "ioredis@5.8.2"],
  ...["typescript@5.9.3", "@types/react@19.2.6", "@types/node@20.19.25"],
];

test("the moved application has neither a stream's route nor a hook of its own", () => {
  const folder = patchedApp("given_system", steps);
  expect(existsSync(join(folder, "app/api/registrations/[id]/process/route.ts"))).toBe(true);
  expect(existsSync(join(folder, "app/api/registrations/updates/stream/route.ts"))).toBe(false);
  expect(existsSync(join(folder, "hooks/use-registration-updates.ts"))).toBe(false);
});

async function run(folder: string, command: string, environment: NodeJS.ProcessEnv): Promise<void> {
  const child = new Child("sh", ["-c", `cd "$0" && exec ${command}`, folder], environment);
  if ((await child.exited) !== 0) throw new Error(`${command} failed:\n${child.log}`);
}

if (["all", "moved"].includes(process.env.REGSTREAM_APPS ?? "")) {
  test("Next builds and serves it, and its page shows a validation", { timeout: 600_000 }, async () => {
    const redis = await RedisServer.start();
    const gateway = await Gateway.start({ hasDemo: false, redis: redis.address });
    const folder = patchedApp("given_system", steps);
    writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true }));
    const environment = {
      NODE_ENV: undefined,
      NEXT_TELEMETRY_DISABLED: "1",
      REDIS_HOST: "127.0.0.1",
      REDIS_PORT: String(redis.port),
      REGSTREAM_URL: gateway.url(""),
    };
    const [tarball = ""] = pack(temporaryFolder(), "wasm");
    const options = "--save-exact --prefer-offline --no-audit --no-fund --loglevel=error";
    await run(folder, `npm install ${options} ${[tarball, ...packages].join(" ")}`, environment);
    const next = "node node_modules/next/dist/bin/next";
    await run(folder, `${next} build`, environment);
    const port = await freePort();
    const command = `cd "$0" && exec ${next} start -H 127.0.0.1 -p ${port}`;
    await new Child("sh", ["-c", command, folder], environment).untilOutput(/Ready in/);

    const browser = await launchBrowser();
    const page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${port}/mobile-banking/registration-requests/42`);
    await page.locator('text="Live"').waitFor();
    const started = await fetch(`http://127.0.0.1:${port}/api/registrations/42/process`, { method: "POST" });
    expect(started.status).toBe(202);
    await page.locator('text="Customer validated successfully"').waitFor();
    await page.reload();
    await page.locator('text="Customer validated successfully"').waitFor();
    await browser.close();
  });
}
