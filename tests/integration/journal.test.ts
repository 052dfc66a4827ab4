import { chmodSync, readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

import { afterEach, describe, expect, test } from "vitest";

import { EventStream } from "../processes/event_stream.ts";
import { Gateway, type GatewayOptions, regstream } from "../processes/gateway.ts";
import { temporaryFolder } from "../processes/temporary_folder.ts";

const json = { "Content-Type": "application/json" };

function publish(
  gateway: Gateway,
  body: Record<string, unknown>,
  headers: Record<string, string> = {},
): Promise<Response> {
  return fetch(gateway.url("/api/registrations/42/updates"), {
    method: "POST",
    headers: { ...json, ...headers },
    body: JSON.stringify(body),
  });
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

  test.each(["SIGKILL", "SIGTERM"] as const)(
    "a client resumes after a %s of the server where it was, and the ids go on",
    async (signal) => {
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
      const stream = await EventStream.open(
        second.url(`/api/registrations/updates/stream?registrationId=42&lastEventId=${ids[0]}`),
      );
      expect(await stream.nextUpdate()).toMatchObject({ message: "two", branch: "Bole", id: ids[1] });
      expect(await stream.nextUpdate()).toMatchObject({ message: "three", id: ids[2] });
      const next = await publish(second, { status: "FAILED", message: "four" });
      expect(await next.json()).toEqual({ id: `${epoch}-4` });
      expect(await stream.nextUpdate()).toMatchObject({
        registrationId: 42,
        status: "FAILED",
        message: "four",
        id: `${epoch}-4`,
      });
      stream.close();
    },
  );

  test("an idempotency key makes two publishes one, also across a crash", async () => {
    const key = { "Idempotency-Key": "8e03978e-40d5-43e8-bc93-6894a57f9324" };
    const first = await start();
    const once = (await (await publish(first, { status: "FAILED", message: "x" }, key)).json()) as { id: string };
    await first.stop("SIGKILL");
    const second = await start({ database: first.database });
    expect(await (await publish(second, { status: "FAILED", message: "x" }, key)).json()).toEqual(once);
    expect(await second.get("/api/health")).toMatchObject({ published: 1 });
  });

  test("a file that is not a journal stops the start with one sentence and stays unchanged", async () => {
    const path = join(temporaryFolder(), "notes.txt");
    writeFileSync(path, "not a database\n".repeat(100));
    await expect(start({ more: ["--journal", path] })).rejects.toThrow(
      /Can't use the journal .*notes\.txt: it is not a database, or it is damaged; move it away/,
    );
    expect(readFileSync(path, "utf8")).toBe("not a database\n".repeat(100));
  });

  test("new data files are private to their owner, and an older file that others may read is reported", async () => {
    const gateway = await start({ more: ["--history-length", "10"] });
    const folder = dirname(gateway.database);
    await publish(gateway, { status: "FAILED", message: "x" });
    const modes = readdirSync(folder).map((name) => [name, statSync(join(folder, name)).mode & 0o777]);
    expect(modes.length).toBeGreaterThanOrEqual(4);
    expect(modes.filter(([, mode]) => mode !== 0o600)).toEqual([]);
    await gateway.stop();

    chmodSync(gateway.database, 0o644);
    const again = await start({ database: gateway.database });
    await expect.poll(() => again.log, { timeout: 10_000 }).toContain(`chmod 600 ${gateway.database}`);
    expect(statSync(gateway.database).mode & 0o777).toBe(0o644);
  });

  test("a full disk refuses updates with one line, everything else works, and the journal recovers", async () => {
    const gateway = await start();
    const update = { status: "FAILED", message: "x".repeat(10_000) };
    expect((await publish(gateway, update)).status).toBe(201);

    gateway.limitFileSizes(1);
    for (let attempt = 0; attempt < 20; ++attempt) {
      const refused = await publish(gateway, update);
      expect(refused.status).toBe(503);
      expect(await refused.json()).toMatchObject({ detail: expect.stringContaining("could not publish the update") });
    }
    const registration = await fetch(gateway.url("/api/registrations"), {
      method: "POST",
      headers: json,
      body: JSON.stringify({ customerName: "Sara", customerNumber: "1", phone: "1", branch: "Bole", nationalId: "1" }),
    });
    expect(registration.status).toBe(500);
    expect((await fetch(gateway.url("/api/health"))).ok).toBe(true);
    expect((await fetch(gateway.url("/api/registrations/42"))).status).toBe(200);

    gateway.limitFileSizes("unlimited");
    expect((await publish(gateway, update)).status).toBe(201);
    await gateway.stop();
    expect(gateway.log.match(/nothing can be published: Can't use the journal .*: the disk failed/g)).toHaveLength(1);
    expect(gateway.log.match(/a request failed: Can't use the database .*demo\.sqlite: the disk failed/g)).toHaveLength(
      1,
    );
    expect(gateway.log.match(/the journal .* can be written again/g)).toHaveLength(1);
  });

  test.each([
    ["a folder", () => temporaryFolder(), /Can't use the journal .*: it is a folder; name a file in it/],
    ["a device", () => "/dev/full", /Can't use the journal \/dev\/full: it is not a regular file/],
    [
      "in a folder that is not there",
      () => join(temporaryFolder(), "no", "journal"),
      /the folder .*no does not exist; create it/,
    ],
    [
      "in a folder that can't be written",
      () => "/proc/journal",
      /Can't use the journal \/proc\/journal: it can't be created/,
    ],
  ])("a journal that is %s stops the start with one sentence and exit code 1", async (_name, path, sentence) => {
    const child = regstream(["serve", "--port", "0", "--journal", path()]);
    expect(await child.exited).toBe(1);
    expect(child.log).toMatch(sentence);
    expect(child.log.trim().split("\n")).toHaveLength(1);
  });

  test("a journal in use by another process stops the start with one sentence", async () => {
    const gateway = await start();
    const child = regstream(["serve", "--port", "0", "--journal", join(dirname(gateway.database), "journal.sqlite3")]);
    expect(await child.exited).toBe(1);
    expect(child.log).toMatch(
      /^regstream: Can't use the journal .*: another process is using it; stop that one, or .*\n$/,
    );
  });

  test("the route that publishes can be switched off", async () => {
    const gateway = await start({ more: ["--publish-route", "off"] });
    expect((await publish(gateway, { status: "FAILED", message: "x" })).status).toBe(404);
  });
});
