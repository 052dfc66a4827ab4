import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { dirname, join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { Child } from "../processes/child.ts";
import { program } from "../processes/gateway.ts";

/** A post of the service to `callbackUrl/N`. */
interface Callback {
  path: string;
  message: { kind: string; event?: { type: string; data: string; id: string }; comment?: string; error?: string };
}

/** The suite's side: a stream under test at /stream, and the receiver of callbacks at /callback. */
class Harness {
  readonly callbacks: Callback[] = [];
  readonly streams: { request: IncomingMessage; body: string; response: ServerResponse }[] = [];
  private readonly server: Server;
  private watchers: (() => void)[] = [];

  constructor() {
    this.server = createServer((request, response) => {
      let body = "";
      request.setEncoding("utf8");
      request.on("data", (chunk: string) => (body += chunk));
      request.on("end", () => {
        if (request.url === "/stream") {
          response.writeHead(200, { "Content-Type": "text/event-stream" });
          response.flushHeaders();
          this.streams.push({ request, body, response });
        } else if (request.url === "/stop") {
          response.writeHead(204).end();
        } else {
          this.callbacks.push({ path: request.url ?? "", message: JSON.parse(body) as Callback["message"] });
          response.writeHead(202).end();
        }
        for (const wake of this.watchers.splice(0)) wake();
      });
    });
  }

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.server.listen(0, "127.0.0.1", resolve));
  }

  stop(): void {
    this.server.closeAllConnections();
    this.server.close();
  }

  url(path: string): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}${path}`;
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.watchers.push(resolve));
  }
}

describe("the contract service", () => {
  let harness: Harness;
  let service: Child;
  let url: string;
  beforeEach(async () => {
    harness = new Harness();
    await harness.start();
    service = new Child(join(dirname(program), "contract_service"), ["--port", "0"]);
    url = (await service.untilOutput(/contract service on (http:\/\/\S+)/))[1] ?? "";
  });
  afterEach(async () => {
    await service.stop();
    harness.stop();
  });

  const post = (path: string, body: unknown): Promise<Response> =>
    fetch(url + path, { method: "POST", body: JSON.stringify(body) });
  const create = async (more: Record<string, unknown> = {}): Promise<string> => {
    const response = await post("/", {
      streamUrl: harness.url("/stream"),
      callbackUrl: harness.url("/callback"),
      tag: "a test",
      initialDelayMs: 0,
      ...more,
    });
    expect(response.status).toBe(201);
    return response.headers.get("Location") ?? "";
  };

  test("names every capability of the suite", async () => {
    const { capabilities } = (await (await fetch(url)).json()) as { capabilities: string[] };
    expect(capabilities).toEqual([
      "bom",
      "comments",
      "event-type-listeners",
      "headers",
      "last-event-id",
      "post",
      "read-timeout",
      "report",
      "restart",
      "server-directed-shutdown-request",
    ]);
  });

  test("posts events, comments and errors in order and without a gap", async () => {
    await create({
      method: "REPORT",
      body: "asked",
      headers: { "x-one": "1" },
      lastEventId: "abc",
      readTimeoutMs: null,
    });
    await harness.until(() => harness.streams.length === 1);
    const first = harness.streams[0];
    expect(first).toMatchObject({
      body: "asked",
      request: { method: "REPORT", headers: { "x-one": "1", "last-event-id": "abc" } },
    });
    const events = Array.from({ length: 50 }, (_, index) => `data: ${index}\n\n`);
    first?.response.write(`:hello\nid: 7\nevent: greeting\ndata: é\n\n${events.join("")}`);
    await harness.until(() => harness.callbacks.length === 52);
    expect(harness.callbacks.map(({ path }) => path)).toEqual(
      Array.from({ length: 52 }, (_, index) => `/callback/${index + 1}`),
    );
    expect(harness.callbacks[0]?.message).toEqual({ kind: "comment", comment: "hello" });
    expect(harness.callbacks[1]?.message).toEqual({ kind: "event", event: { type: "greeting", data: "é", id: "7" } });
    expect(harness.callbacks[51]?.message).toEqual({ kind: "event", event: { type: "message", data: "49", id: "7" } });

    first?.response.destroy();
    await harness.until(() => harness.streams.length === 2 && harness.callbacks.length === 53);
    expect(harness.callbacks[52]?.message).toEqual({ kind: "error", error: expect.stringContaining("broke") });
    expect(harness.streams[1]?.request.headers["last-event-id"]).toBe("7");
  });

  test("accepts commands, and reports no error for a requested restart", async () => {
    const location = await create({ initialDelayMs: 300_000 });
    await harness.until(() => harness.streams.length === 1);
    expect((await post(location, { command: "listen", listen: { type: "greeting" } })).status).toBe(204);
    harness.streams[0]?.response.write("data: before\n\n");
    await harness.until(() => harness.callbacks.length === 1);
    expect((await post(location, { command: "restart" })).status).toBe(204);
    await harness.until(() => harness.streams.length === 2);
    harness.streams[1]?.response.write("data: after\n\n");
    await harness.until(() => harness.callbacks.length === 2);
    expect(harness.callbacks.map(({ message }) => message.event?.data)).toEqual(["before", "after"]);
    expect((await post(location, { command: "dance" })).status).toBe(400);
  });

  test("deletes a stream once, and quits on request", async () => {
    const location = await create();
    await harness.until(() => harness.streams.length === 1);
    const closed = new Promise((resolve) => harness.streams[0]?.response.on("close", resolve));
    expect((await fetch(url + location, { method: "DELETE" })).status).toBe(204);
    await closed;
    expect((await fetch(url + location, { method: "DELETE" })).status).toBe(404);
    expect((await post(location, { command: "restart" })).status).toBe(404);
    expect((await fetch(url, { method: "DELETE" })).status).toBe(204);
    expect(await service.exited).toBe(0);
  });

  test("reports that the server forbids reconnecting", async () => {
    await create({ streamUrl: harness.url("/stop") });
    await harness.until(() => harness.callbacks.length === 1);
    expect(harness.callbacks[0]?.message).toEqual({ kind: "error", error: expect.stringContaining("204") });
  });

  test.each([
    "no json",
    "[]",
    "{}",
    '{"streamUrl":"http://127.0.0.1/","callbackUrl":"ftp://127.0.0.1/"}',
    '{"streamUrl":"ftp://127.0.0.1/","callbackUrl":"http://127.0.0.1/"}',
    '{"streamUrl":"http://127.0.0.1/","callbackUrl":"http://127.0.0.1/","initialDelayMs":-1}',
    '{"streamUrl":"http://127.0.0.1/","callbackUrl":"http://127.0.0.1/","headers":{"a":1}}',
  ])("refuses an impossible stream: %s", async (body) => {
    const response = await fetch(url, { method: "POST", body });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ status: 400, detail: expect.any(String) });
  });
});
