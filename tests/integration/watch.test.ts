import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";

import { describe, expect, test } from "vitest";

import { Child } from "../processes/child.ts";
import { Gateway, program, regstream } from "../processes/gateway.ts";
import { Mock, shipped } from "../processes/mock.ts";
import { temporaryFolder } from "../processes/temporary_folder.ts";

const fast = ["--t24-latency-ms", "0", "--stage-pace-ms", "0", "--retry-ms", "10"];

function watch(url: string, ...options: string[]): Child {
  return regstream(["watch", "--url", url, "--initial-delay-ms", "10", ...options]);
}

/** The lines that a watch has printed, without their times. */
function lines(child: Child): string[] {
  return child.log
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => line.replace(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z /, ""));
}

/** A mock that plays one stream of these steps to everybody. */
function mockOf(...steps: unknown[]): Promise<Mock> {
  const file = join(temporaryFolder(), "scenario.json");
  writeFileSync(file, JSON.stringify({ description: "For a watch.", connections: [{ steps }] }));
  return Mock.start(file);
}

function update(sequence: number, members: Record<string, unknown>): unknown {
  return { update: { registrationId: 42, id: `1702492000000-${sequence}`, timestamp: 1702493000000, ...members } };
}

/** The program on a terminal of its own, by script(1) of util-linux, which exits with the program's code. */
function onTerminal(environment: NodeJS.ProcessEnv, ...args: string[]): Child {
  const command = [program, "watch", ...args].join(" ");
  return new Child("script", ["--quiet", "--return", "--flush", "--command", command, "/dev/null"], {
    TERM: "xterm",
    LC_ALL: "C.UTF-8",
    NO_COLOR: "",
    ...environment,
  });
}

describe("regstream watch", () => {
  test("tells each stage of a registration, and exits with 0 at its final status", async () => {
    const gateway = await Gateway.start({ more: fast });
    const watcher = watch(gateway.url(""), "--registration", "42");
    await watcher.untilOutput(/stream live/);
    await gateway.validate(42);
    expect(await watcher.exited).toBe(0);
    const told = lines(watcher);
    expect(told[0]).toBe("stream live");
    for (const [index, stage] of ["duplicate_check", "t24_lookup", "account_validation", "status_update"].entries()) {
      expect(told).toContainEqual(expect.stringMatching(new RegExp(`^42 ${stage} started \\(${index} of 4\\): .`)));
      expect(told).toContainEqual(
        expect.stringMatching(new RegExp(`^42 ${stage} completed.* \\(${index + 1} of 4\\): .`)),
      );
    }
    expect(told.at(-1)).toMatch(/^42 APPROVED.* \(4 of 4\): ./);

    // Who comes late gets a snapshot, which is final.
    const late = watch(gateway.url("/api/registrations/updates/stream"), "--registration", "42");
    expect(await late.exited).toBe(0);
    expect(lines(late).at(-1)).toMatch(/^42 APPROVED/);
    await gateway.stop();
  });

  test("exits with 1 at a status that the workflow calls failed", async () => {
    const mock = await mockOf(
      { control: "connected" },
      update(1, { status: "PENDING", stage: "t24_lookup", stageStatus: "started", message: "Looking up" }),
      update(2, { status: "FAILED", message: "No accounts" }),
    );
    const watcher = watch(mock.url(), "--id", "42");
    expect(await watcher.exited).toBe(1);
    expect(lines(watcher)).toEqual([
      "stream live",
      "42 t24_lookup started (0 of 4): Looking up",
      "42 t24_lookup failed (1 of 4): Looking up",
      "42 FAILED (4 of 4): No accounts",
    ]);
    await mock.stop();
  });

  test.each([
    [403, /stream closed: forbidden: /, /^regstream watch: the server gives no stream: .*403/m],
    [404, /stream closed: refused_for_good: /, /^regstream watch: the server gives no stream: .*404/m],
    [204, /stream closed: told_to_stop/, /^regstream watch: the server gives no stream: /m],
  ])("exits with 2 when the server answers %d", async (status, line, complaint) => {
    const server = createServer((_request, response) => response.writeHead(status).end());
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const watcher = watch(`http://127.0.0.1:${port}`, "--registration", "42");
    expect(await watcher.exited).toBe(2);
    server.close();
    expect(watcher.log).toMatch(line);
    expect(watcher.log).toMatch(complaint);
  });

  test("exits with 2 where the options make no request", async () => {
    const both = watch("http://127.0.0.1:1", "--registration", "42", "--id", "43");
    expect([await both.exited, both.log]).toEqual([2, "regstream watch: give either --id or --registration\n"]);
    const text = watch("http://127.0.0.1:1", "--id", "x");
    expect([await text.exited, text.log]).toEqual([2, expect.stringMatching(/^regstream watch: --id: must be /)]);
  });

  test("says that the history was lost, and goes on with what is new", async () => {
    const mock = await Mock.start(shipped("stale_cursor"));
    const watcher = watch(mock.url(), "--registration", "42");
    expect(await watcher.exited).toBe(0);
    await mock.stop();
    expect(lines(watcher)).toEqual([
      "stream live",
      expect.stringMatching(/^stream reconnecting: ./),
      "stream live",
      "stream reset: updates may have been missed",
      "42 PENDING (0 of 4)",
      expect.stringMatching(/^stream reconnecting: ./),
      "stream live",
      "42 APPROVED (4 of 4): Customer validated successfully",
    ]);
  });

  test("comes back to a gateway that restarts, and resumes", async () => {
    const gateway = await Gateway.start({ more: ["--t24-latency-ms", "60000", "--stage-pace-ms", "0"] });
    const watcher = watch(gateway.url(""), "--registration", "42");
    await watcher.untilOutput(/stream live/);
    await gateway.validate(42);
    await watcher.untilOutput(/42 t24_lookup started/);
    await gateway.stop("SIGKILL");
    await watcher.untilOutput(/stream reconnecting: ./);
    // The backend ends what its own end has interrupted, as failed.
    const next = await Gateway.start({ port: gateway.port, database: gateway.database, more: fast });
    expect(await watcher.exited).toBe(1);
    const told = lines(watcher);
    expect(told.filter((line) => /t24_lookup started/.test(line))).toHaveLength(1);
    expect(told.at(-1)).toMatch(/^42 FAILED .*: Validation was interrupted by a restart/);
    await next.stop();
  });

  test("tells of the reset where the gateway's history is another one", async () => {
    const gateway = await Gateway.start({ more: fast });
    const all = watch(gateway.url(""));
    const one = watch(gateway.url(""), "--registration", "42");
    await Promise.all([all, one].map((watcher) => watcher.untilOutput(/stream live/)));
    await gateway.validate(41);
    await all.untilOutput(/ 41 [A-Z]+ .*\(4 of 4\)/);
    await gateway.stop("SIGKILL");
    const next = await Gateway.start({ port: gateway.port, more: fast });
    await Promise.all([all, one].map((watcher) => watcher.untilOutput(/stream reset: updates may have been missed/)));
    await next.validate(42);
    expect(await one.exited).toBe(0);
    expect(lines(one).at(-1)).toMatch(/^42 APPROVED/);
    await all.untilOutput(/ 42 APPROVED/);
    expect(await all.stop()).toBe(0);
    await next.stop();
  });

  test("without an id tells of all that move, until it is stopped", async () => {
    const gateway = await Gateway.start({ more: fast });
    const watcher = watch(gateway.url(""));
    await watcher.untilOutput(/stream live/);
    await Promise.all([gateway.validate(42), gateway.validate(41)]);
    await watcher.untilOutput(/ 42 APPROVED/);
    await watcher.untilOutput(/ 41 [A-Z]+ .*\(4 of 4\)/);
    expect(await watcher.stop()).toBe(0);
    await gateway.stop();
  });

  test("a signal before the end is no outcome", async () => {
    const mock = await mockOf({ control: "connected" });
    const watcher = watch(mock.url(), "--registration", "42");
    await watcher.untilOutput(/stream live/);
    expect(await watcher.stop("SIGTERM")).toBe(128 + 15);
    await mock.stop();
  });
});

describe("regstream watch whose reader goes away", () => {
  test("ends as a program does that SIGPIPE has ended", async () => {
    const mock = await mockOf({ control: "connected" });
    const command = `set -o pipefail; "$0" watch --url "$1" --registration 42 | head -n 1`;
    const watcher = new Child("bash", ["-c", command, program, mock.url()]);
    await watcher.untilOutput(/stream live/);
    // The pipe is there until `head` has ended: one of these lines finds it broken.
    let hasEnded = false;
    const exited = watcher.exited.finally(() => (hasEnded = true));
    for (let sequence = 1; !hasEnded; sequence += 1) {
      await mock.post("send", update(sequence, { status: "PENDING", message: `Message ${sequence}` }));
    }
    expect(await exited).toBe(128 + 13);
    await mock.stop();
  });
});

describe("regstream watch on a terminal", () => {
  const steps = [
    { control: "connected" },
    update(1, { status: "PENDING", stage: "t24_lookup", stageStatus: "started", message: "Looking up" }),
    update(2, { status: "FAILED", message: "No accounts" }),
  ];

  test("draws the stages in their place, with colours, and leaves the outcome there", async () => {
    const mock = await mockOf(...steps);
    const watcher = onTerminal({}, "--url", mock.url(), "--registration", "42");
    expect(await watcher.exited).toBe(1);
    await mock.stop();
    const last = watcher.log.split("\x1b[?7l").at(-1) ?? "";
    const read = last.replace(/\x1b\[[?0-9]*[A-Za-z]|\r/g, "").split("\n");
    expect(read[0]).toMatch(/^registration 42 {2}FAILED {2}● /);
    expect(read[1]).toMatch(/^█{20} {2}4 of 4/);
    expect(read[3]).toMatch(/^✗ .*Looking up$/);
    expect(read.filter((line) => line !== "").at(-1)).toBe("No accounts");
    expect(last).toContain("\x1b[31mFAILED\x1b[0m");
  });

  test("says why the server gives no stream", async () => {
    const server = createServer((_request, response) => response.writeHead(403).end());
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const watcher = onTerminal({}, "--url", `http://127.0.0.1:${port}`);
    expect(await watcher.exited).toBe(2);
    server.close();
    expect(watcher.log).toMatch(/● closed: .*403/);
    expect(watcher.log).toMatch(/regstream watch: the server gives no stream: .*403/);
  });

  test.each([{ NO_COLOR: "1" }, { TERM: "dumb" }])("prints lines with %o", async (environment) => {
    const mock = await mockOf(...steps);
    const watcher = onTerminal(environment, "--url", mock.url(), "--registration", "42");
    expect(await watcher.exited).toBe(1);
    await mock.stop();
    expect(watcher.log).not.toContain("\x1b");
    expect(watcher.log).toMatch(/42 FAILED \(4 of 4\): No accounts/);
  });
});
