import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { afterEach, describe, expect, test } from "vitest";

import { EventStream } from "../processes/event_stream.ts";
import { Gateway, type GatewayOptions } from "../processes/gateway.ts";
import { temporaryFolder } from "../processes/temporary_folder.ts";

const json = { "Content-Type": "application/json" };

function publish(gateway: Gateway, body: Record<string, unknown>, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(gateway.url("/api/registrations/42/updates"), { method: "POST", headers: { ...json, ...headers }, body: JSON.stringify(body) });
}

describe("the embedded broker's journal, and publishing by HTTP", () => {
  const running: Gateway[] = [];
  const start = async (options: GatewayOptions = {}): Promise<Gateway> => {
    const gateway = await Gateway.start(options);
    running.push(gateway);
    return gateway;
  };
  afterEach(async () => {
    await Promise.all(running.splice(0).map((gateway) => gateway.stop("SIGKILL")));
  });

  test.each(["SIGKILL", "SIGTERM"] as const)("a client resumes after a %s of the server where it was, and the ids go on", async (signal) => {
    const first = await start();
    const ids: string[] = [];
    for (const message of ["one", "two", "three"]) {
      const response = await publish(first, { stage: "t24_lookup", stageStatus: "started", message, branch: "Bole" });
      expect(response.status).toBe(201);
      ids.push(((await response.json()) as { id: string }).id);
    }
    const epoch = ids[0]?.split("-")[0] ?? "";
    expect(ids).toEqual([`${epoch}-1`, `${epoch}-2`, `${epoch}-3`]);
    await first.stop(signal);

    const second = await start({ database: first.database });
    const stream = await EventStream.open(second.url(`/api/registrations/updates/stream?registrationId=42&lastEventId=${ids[0]}`));
    expect(await stream.nextUpdate()).toMatchObject({ message: "two", branch: "Bole", id: ids[1] });
    expect(await stream.nextUpdate()).toMatchObject({ message: "three", id: ids[2] });
    const next = await publish(second, { status: "FAILED", message: "four" });
    expect(await next.json()).toEqual({ id: `${epoch}-4` });
    expect(await stream.nextUpdate()).toMatchObject({ registrationId: 42, status: "FAILED", message: "four", id: `${epoch}-4` });
    stream.close();
  });

  test("an idempotency key makes two publishes one, over a crash too", async () => {
    const key = { "Idempotency-Key": "8e03978e-40d5-43e8-bc93-6894a57f9324" };
    const first = await start();
    const once = (await (await publish(first, { status: "FAILED", message: "x" }, key)).json()) as { id: string };
    await first.stop("SIGKILL");
    const second = await start({ database: first.database });
    expect(await (await publish(second, { status: "FAILED", message: "x" }, key)).json()).toEqual(once);
    expect(await second.get("/api/health")).toMatchObject({ published: 1 });
  });

  test("a file that is no journal stops the start with one sentence, and is left as it is", async () => {
    const path = join(temporaryFolder(), "notes.txt");
    writeFileSync(path, "not a database\n".repeat(100));
    await expect(start({ more: ["--journal", path] })).rejects.toThrow(/Can't use the journal .*notes\.txt: it is not a database, or it is damaged; move it away/);
    expect(readFileSync(path, "utf8")).toBe("not a database\n".repeat(100));
  });

  test("the route that publishes can be switched off", async () => {
    const gateway = await start({ more: ["--publish-route", "off"] });
    expect((await publish(gateway, { status: "FAILED", message: "x" })).status).toBe(404);
  });
});
