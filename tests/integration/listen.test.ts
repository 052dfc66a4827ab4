import { writeFileSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";

import { describe, expect, test } from "vitest";

import type { Child } from "../processes/child.ts";
import { freePort } from "../processes/child.ts";
import { Gateway, regstream } from "../processes/gateway.ts";
import { temporaryFolder } from "../processes/temporary_folder.ts";

const fast = ["--t24-latency-ms", "0", "--stage-pace-ms", "0", "--retry-ms", "10"];

/** The final status in a printed line. A stage's message may name it earlier: "Setting the status to APPROVED". */
const outcome = /\\"status\\":\\"APPROVED\\"/;

/** The lines that a listener has printed so far. */
function lines(listener: Child): Record<string, unknown>[] {
  return listener.log
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

function listen(gateway: Gateway, ...options: string[]): Child {
  return regstream([
    "listen",
    "--url",
    gateway.url("/api/registrations/updates/stream?registrationId=42"),
    "--initial-delay-ms",
    "10",
    ...options,
  ]);
}

describe("regstream listen", () => {
  test("prints what the gateway streams, and ends with success at a signal", async () => {
    const gateway = await Gateway.start({ more: fast });
    const listener = listen(gateway);
    await listener.untilOutput(/connected/);
    await gateway.validate(42);
    await listener.untilOutput(outcome);
    expect(await listener.stop()).toBe(0);
    await gateway.stop();

    const printed = lines(listener);
    expect(printed.slice(0, 2)).toEqual([
      { kind: "state", state: "connecting", reason: "requested" },
      { kind: "state", state: "open", reason: "accepted" },
    ]);
    expect(printed).toContainEqual({ kind: "retry", retry: expect.any(Number) });
    expect(printed.at(-1)).toEqual({ kind: "state", state: "closed", reason: "requested" });
    const updates = printed
      .filter((line) => !("kind" in line))
      .map((line) => JSON.parse(line["data"] as string) as { type: string });
    expect(updates[0]).toMatchObject({ type: "connected" });
    expect(updates.at(-1)).toMatchObject({ type: "update", data: { registrationId: 42, status: "APPROVED" } });
  });

  test("reconnects after the gateway was killed and restarted", async () => {
    const port = await freePort();
    const first = await Gateway.start({ port, more: fast });
    const listener = listen(first);
    await listener.untilOutput(/connected/);
    await first.stop("SIGKILL");
    await listener.untilOutput(/"state":"waiting"/);
    const second = await Gateway.start({ port, more: fast });
    await listener.untilOutput(/connected[^]*"state":"waiting"[^]*connected/);
    await second.validate(42);
    await listener.untilOutput(outcome);
    expect(await listener.stop("SIGINT")).toBe(0);
    await second.stop();
  });

  test("fails for good on an answer that no retry can cure, and reports it", async () => {
    const gateway = await Gateway.start({ more: fast });
    const listener = regstream(["listen", "--url", gateway.url("/api/health")]);
    expect(await listener.exited).toBe(1);
    expect(lines(listener).at(-1)).toMatchObject({
      state: "closed",
      reason: "wrong_content_type",
      error: expect.stringContaining("application/json"),
    });
    await gateway.stop();
  });

  test("skips an event of 200 MB in constant memory", async () => {
    const piece = Buffer.alloc(1_000_000, "x");
    const server = createServer((_, response) => {
      response.writeHead(200, { "Content-Type": "text/event-stream" });
      response.write("data: before\n\nid: 7\ndata: ");
      let pieces = 0;
      const more = (): void => {
        while (pieces < 200) {
          pieces += 1;
          if (!response.write(piece)) return void response.once("drain", more);
        }
        response.write("\n\ndata: behind\n\n");
      };
      more();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const listener = regstream(["listen", "--url", `http://127.0.0.1:${(server.address() as AddressInfo).port}/`]);
    await listener.untilOutput(/behind/);
    const [, kilobytes] = /^VmHWM:\s+(\d+) kB$/m.exec(await readFile(`/proc/${listener.pid}/status`, "utf8")) ?? [];
    expect(await listener.stop()).toBe(0);
    server.closeAllConnections();
    server.close();
    expect(lines(listener).filter(({ kind }) => kind !== "state")).toEqual([
      { type: "message", data: "before", lastEventId: "" },
      { kind: "skipped", reason: "line_too_long", bytes: 200_000_001, lastEventId: "7" },
      { type: "message", data: "behind", lastEventId: "7" },
    ]);
    expect(Number(kilobytes)).toBeLessThan(40_000);
  });

  test("sends the current token of its token file, and reports a mistake in that file without quoting it", async () => {
    const file = join(temporaryFolder(), "token");
    await writeFile(file, "\nfirst-secret\n");
    const sent: (string | undefined)[] = [];
    const server = createServer((request, response) => {
      sent.push(request.headers.authorization);
      if (sent.length === 1) writeFileSync(file, " ");
      response.writeHead(sent.length === 1 ? 401 : 204).end();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const listener = regstream(["listen", "--url", url, "--token-file", file, "--initial-delay-ms", "10"]);
    await listener.untilOutput(/is empty/);
    await writeFile(file, "second-secret");
    expect(await listener.exited).toBe(0);
    server.close();
    expect(sent).toEqual(["Bearer first-secret", "Bearer second-secret"]);
    expect(lines(listener)).toContainEqual(
      expect.objectContaining({ reason: "token_unavailable", error: `the token file "${file}" is empty` }),
    );
    expect(listener.log).not.toContain("secret");
  });

  test("sends the request of its options, and ends with success when the server answers 204", async () => {
    let asked: { request: IncomingMessage; body: string } | undefined;
    const server = createServer((request, response) => {
      let body = "";
      request.on("data", (chunk: Buffer) => (body += chunk.toString()));
      request.on("end", () => {
        asked = { request, body };
        response.writeHead(204).end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/a?b=c`;
    const listener = regstream([
      ...["listen", "--url", url, "--policy", "standard", "--method", "POST", "--body", "asked"],
      ...["--last-event-id", "7-1", "--header", "X-One: 1", "--header", "x-two:2"],
    ]);
    expect(await listener.exited).toBe(0);
    server.close();
    expect(asked?.body).toBe("asked");
    expect(asked?.request).toMatchObject({
      method: "POST",
      url: "/a?b=c",
      headers: { "last-event-id": "7-1", "x-one": "1", "x-two": "2" },
    });
    expect(lines(listener).at(-1)).toMatchObject({ state: "closed", reason: "told_to_stop" });
  });

  test.each([
    [["--url", "ftp://127.0.0.1/"], /only https:\/\/ and http:\/\//],
    [["--url", "http://127.0.0.1/", "--header", "no colon"], /"Name: value"/],
    [["--url", "http://127.0.0.1/", "--method", "HEAD"], /HEAD can't carry a stream/],
    [["--url", "http://127.0.0.1/", "--policy", "eager"], /eager/],
  ])("refuses options that allow no request: %s", async (options, message) => {
    const listener = regstream(["listen", ...options]);
    expect(await listener.exited).toBe(2);
    expect(listener.log).toMatch(message);
  });
});
