import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { EventStream } from "../processes/event_stream.ts";
import { Gateway, regstream } from "../processes/gateway.ts";
import { RedisServer } from "../processes/redis.ts";
import { temporaryFolder } from "../processes/temporary_folder.ts";

/** Ids are text. */
const imports = {
  name: "imports",
  id: { member: "importId", kind: "text" },
  statuses: [
    { name: "RUNNING", kind: "open" },
    { name: "DONE", kind: "final" },
    { name: "BROKEN", kind: "failed" },
  ],
  stageUpdateStatus: "RUNNING",
  stages: [{ name: "read", title: "Read the file" }],
  inferStageStatus: false,
  channel: "service:imports",
  paths: { stream: "/api/imports/stream", updates: "/api/imports/{id}/updates" },
};

/** Ids are numbers, as registrations' are. */
const loans = {
  ...imports,
  name: "loans",
  id: { member: "loanId", kind: "integer" },
  inferStageStatus: true,
  channel: "service:loans",
  paths: { stream: "/api/loans/stream", updates: "/api/loans/{id}/updates" },
};

type Json = Record<string, unknown>;

/** Writes a declaration, and gives its file. */
function declare(workflow: Json, text = JSON.stringify(workflow, null, 2)): string {
  const folder = temporaryFolder();
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${String(workflow.name)}.json`);
  writeFileSync(file, text);
  return file;
}

const both = (): string[] => ["--workflow", declare(imports), "--workflow", declare(loans)];

async function post(gateway: Gateway, path: string, body: Json): Promise<string> {
  const response = await fetch(gateway.url(path), {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  expect(response.status, await response.clone().text()).toBe(201);
  return ((await response.json()) as { id: string }).id;
}

async function run(args: string[]): Promise<[code: number | null, log: string]> {
  const child = regstream(args);
  return [await child.exited, child.log];
}

interface Health extends Json {
  readonly published: number;
  readonly workflows: Record<string, { status: string; published: number; history: { epoch: number } }>;
}

describe("several workflows in one gateway", () => {
  let running: Gateway[] = [];
  let redis: RedisServer;
  const start = async (more: readonly string[], options: { redis?: string } = {}): Promise<Gateway> => {
    const gateway = await Gateway.start({ hasDemo: false, more, ...options });
    running.push(gateway);
    return gateway;
  };
  beforeEach(async () => {
    running = [];
    redis = await RedisServer.start();
  });
  afterEach(async () => {
    await Promise.all(running.map((gateway) => gateway.stop("SIGKILL")));
    await redis.stop();
  });

  test("keep their histories in one journal file, and go on after a restart", async () => {
    const more = [...both(), "--journal", join(temporaryFolder(), "journal.sqlite3")];
    const first = await start(more);
    await first.untilLog(/at most \d+ MiB of memory .* for registration, imports, loans$/m);
    const importId = await post(first, "/api/imports/a%2Fb/updates", { stage: "read", message: "row 1" });
    const loanId = await post(first, "/api/loans/42/updates", { status: "DONE" });
    const registrationId = await post(first, "/api/registrations/42/updates", { status: "FAILED" });
    const later = await post(first, "/api/loans/42/updates", { stage: "read", message: "x" });
    for (const id of [importId, loanId, registrationId]) {
      expect(id).toMatch(/-1$/);
    }
    await first.stop("SIGKILL");

    // Without the imports: their history stays in the file.
    const second = await start(more.slice(2));
    expect(await post(second, "/api/loans/42/updates", { status: "DONE" })).toBe(later.replace(/2$/, "3"));
    expect((await fetch(second.url("/api/imports/stream"))).status).toBe(404);
    await second.stop("SIGTERM");

    const third = await start(more);
    expect(await post(third, "/api/imports/a%2Fb/updates", { status: "DONE" })).toBe(importId.replace(/1$/, "2"));
    const health = await third.get<Health>("/api/health");
    expect(Object.keys(health.workflows)).toEqual(["registration", "imports", "loans"]);
    expect(health).toMatchObject({ status: "ok", published: 1 });
    expect(health.workflows.imports).toMatchObject({ status: "ok", published: 2 });
    expect(health.workflows.loans).toMatchObject({ status: "ok", published: 3 });
    const stream = await EventStream.open(third.url(`/api/imports/stream?importId=a%2Fb&lastEventId=${importId}`));
    expect(await stream.nextUpdate()).toMatchObject({ importId: "a/b", status: "DONE" });
    stream.close();
  });

  test("hear through Redis only what is theirs: by the command line, by HTTP, and by a bare PUBLISH", async () => {
    const more = both();
    const gateway = await start(more, { redis: redis.address });
    await expect.poll(async () => (await fetch(gateway.url("/readyz"))).status).toBe(200);
    const observer = redis.connect();
    const streams = await Promise.all(
      ["/api/registrations/updates/stream", "/api/imports/stream", "/api/loans/stream"].map((path) =>
        EventStream.open(gateway.url(path)),
      ),
    );
    const [registrationStream, importStream, loanStream] = streams as [EventStream, EventStream, EventStream];

    const publish = ["--redis", redis.address, "--message", "m"];
    expect(
      await run([
        "publish",
        "stage",
        "--workflow",
        String(more[1]),
        "--id",
        "ä/1",
        "--stage",
        "read",
        "--status",
        "started",
        ...publish,
      ]),
    ).toEqual([0, expect.stringMatching(/^published \d+-1$/m)]);
    expect(
      await run(["publish", "final", "--workflow", String(more[3]), "--id", "42", "--status", "DONE", ...publish]),
    ).toEqual([0, expect.stringMatching(/^published \d+-1$/m)]);
    await post(gateway, "/api/imports/%C3%A4%2F1/updates", { stage: "read", stageStatus: "failed", message: "two" });
    await observer.publish("service:imports", '{"importId":"ä/1","status":"BROKEN","message":"three"}');
    await observer.publish("service:loans", '{"loanId":42,"status":"DONE","message":"two"}');
    // None of its workflow, whose ids are text.
    await observer.publish("service:imports", '{"importId":7,"status":"DONE"}');
    await post(gateway, "/api/registrations/42/updates", { status: "FAILED", message: "one" });

    expect(await importStream.nextUpdate()).toMatchObject({
      importId: "ä/1",
      status: "RUNNING",
      stageStatus: "started",
    });
    expect(await importStream.nextUpdate()).toMatchObject({ importId: "ä/1", stageStatus: "failed", message: "two" });
    expect(await importStream.nextUpdate()).toMatchObject({ importId: "ä/1", status: "BROKEN", message: "three" });
    expect(await loanStream.nextUpdate()).toMatchObject({ loanId: 42, status: "DONE", message: "m" });
    expect(await loanStream.nextUpdate()).toMatchObject({ loanId: 42, status: "DONE", message: "two" });
    expect(await registrationStream.nextUpdate()).toMatchObject({
      registrationId: 42,
      status: "FAILED",
      message: "one",
    });
    for (const stream of streams) {
      stream.close();
    }

    const keys = (await observer.keys("*")).filter((key) => !/:(key|publisher):/.test(key)).sort();
    expect(keys).toEqual(
      ["service:imports", "service:loans", "service:registration-updates"].flatMap((name) =>
        ["deployments", "history", "server"].map((key) => `{${name}}:${key}`),
      ),
    );
    expect(await observer.xlen("{service:imports}:history")).toBe(3);
    const health = await gateway.get<Health>("/api/health");
    expect(health.workflows.imports).toMatchObject({ published: 3, malformed: 1 });
    expect(health.workflows.loans).toMatchObject({ published: 2, malformed: 0 });
    expect(health).toMatchObject({ published: 1, malformed: 0 });
    expect(gateway.log).not.toContain("ä/1");
  });

  test("a history that is lost resets its own workflow's streams alone", async () => {
    const gateway = await start(both(), { redis: redis.address });
    await expect.poll(async () => (await fetch(gateway.url("/readyz"))).status).toBe(200);
    await post(gateway, "/api/imports/1/updates", { status: "DONE" });
    const loan = await post(gateway, "/api/loans/1/updates", { status: "DONE" });
    await redis.connect().del("{service:imports}:history");
    const next = await post(gateway, "/api/imports/1/updates", { status: "DONE" });
    expect(next).toMatch(/-1$/);
    expect(await post(gateway, "/api/loans/1/updates", { status: "DONE" })).toBe(loan.replace(/1$/, "2"));
  });

  test("what is no id in a path is refused, and quoted nowhere", async () => {
    const gateway = await start(both());
    for (const id of ["*", "%2A", "x".repeat(129), "a%0Ab", "%FF", "%ED%A0%80"]) {
      const response = await fetch(gateway.url(`/api/imports/${id}/updates`), {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: '{"status":"DONE"}',
      });
      expect([response.status, await response.text()]).toEqual([
        400,
        expect.stringContaining("The imports id in the path must be 1 to 128 bytes of UTF-8"),
      ]);
    }
    expect(await post(gateway, `/api/imports/${"x".repeat(128)}/updates`, { status: "DONE" })).toMatch(/-1$/);
  });

  test("streams of all of them are counted together", async () => {
    const gateway = await Gateway.start({ hasDemo: false, more: both(), openFiles: 64 });
    running.push(gateway);
    const { streams } = await gateway.get<{ streams: { limit: number } }>("/api/health");
    const open: EventStream[] = [];
    const paths = ["/api/registrations/updates/stream", "/api/imports/stream", "/api/loans/stream"];
    while (open.length < streams.limit) {
      open.push(await EventStream.open(gateway.url(String(paths[open.length % paths.length]))));
    }
    for (const path of paths) {
      expect((await fetch(gateway.url(path))).status).toBe(503);
    }
    for (const stream of open) {
      stream.close();
    }
  });
});

describe("a declaration that can't be served", () => {
  const serve = (...files: string[]): Promise<[number | null, string]> =>
    run(["serve", "--port", "0", ...files.flatMap((file) => ["--workflow", file])]);

  test("is refused with file, line and member", async () => {
    const file = declare(imports, JSON.stringify({ ...imports, channel: "a{b" }, null, 2));
    expect(await serve(file)).toEqual([2, expect.stringMatching(/imports\.json:\d+: channel: must be /)]);
    expect(
      await run(["publish", "final", "--workflow", file, "--id", "x", "--status", "DONE", "--message", "m"]),
    ).toEqual([2, expect.stringMatching(/imports\.json:\d+: channel: must be /)]);
    expect(await serve(join(temporaryFolder(), "missing.json"))).toEqual([2, expect.stringMatching(/missing\.json: /)]);
  });

  test.each<[string, Json, RegExp]>([
    ["name", { ...loans, name: "imports" }, /name is also that of .*imports\.json/],
    ["channel", { ...loans, channel: imports.channel }, /loans\.json: channel is also that of .*imports\.json/],
    [
      "path",
      { ...loans, paths: { ...loans.paths, stream: imports.paths.stream } },
      /loans\.json: paths\.stream is also that of .*imports\.json/,
    ],
    [
      "registration's channel",
      { ...loans, channel: "service:registration-updates" },
      /loans\.json: channel is also that of the built-in registration/,
    ],
    [
      "gateway's route",
      { ...loans, paths: { ...loans.paths, stream: "/api/health" } },
      /loans\.json: paths\.stream: \/api\/health is the gateway's own route \/api\/health/,
    ],
  ])("and so is one that has another's %s, with both named", async (_what, second, expected) => {
    expect(await serve(declare(imports), declare(second))).toEqual([2, expect.stringMatching(expected)]);
  });

  test("a file that is named registration takes the place of the built-in one", async () => {
    const gateway = await Gateway.start({
      hasDemo: false,
      more: ["--workflow", declare({ ...loans, name: "registration" })],
    });
    expect((await fetch(gateway.url("/api/registrations/updates/stream"))).status).toBe(404);
    expect(await post(gateway, "/api/loans/1/updates", { status: "DONE" })).toMatch(/-1$/);
    expect(Object.keys((await gateway.get<Health>("/api/health")).workflows)).toEqual(["registration"]);
    await gateway.stop();
  });

  test.each<[string, string[], RegExp]>([
    [
      "a status that is not declared as final",
      ["--id", "x", "--status", "RUNNING"],
      /the final status must be DONE or BROKEN$/m,
    ],
    [
      "an id of another kind",
      ["--registration", "42", "--status", "DONE"],
      /--registration: ids of imports are text; give --id$/m,
    ],
    ["no id", ["--status", "DONE"], /give either --id or --registration$/m],
    [
      "an id for all",
      ["--id", "*", "--status", "DONE"],
      /--id: must be text: 1 to 128 bytes of UTF-8 without control characters, and not \*$/m,
    ],
    ["an id that is too long", ["--id", "x".repeat(129), "--status", "DONE"], /--id: must be text/],
  ])("publish refuses %s with what is allowed", async (_what, more, expected) => {
    expect(await run(["publish", "final", "--workflow", declare(imports), "--message", "m", ...more])).toEqual([
      2,
      expect.stringMatching(expected),
    ]);
  });
});
