import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";

import { afterEach, expect, test } from "vitest";

import { EventStream } from "../processes/event_stream.ts";
import { Gateway, regstreamWithFiles } from "../processes/gateway.ts";

const stream = "/api/registrations/updates/stream";

/** Connections that a test holds; the gateway may close each at any time. */
const held: Socket[] = [];

afterEach(() => {
  for (const socket of held.splice(0)) socket.destroy();
});

/** Sends `bytes`, and then neither reads nor writes. */
async function hold(gateway: Gateway, bytes: string): Promise<Socket> {
  const socket = connect({ port: gateway.port, host: "127.0.0.1" });
  socket.on("error", () => undefined);
  held.push(socket);
  await once(socket, "connect");
  if (bytes !== "") socket.write(bytes);
  return socket;
}

/** A request for the publish route with a chunked body, followed by `rest`. */
function chunked(begun: string): string {
  return `POST /api/registrations/42/updates HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n${begun}`;
}

/** A process's peak memory, in bytes. */
function residentBytesMax(pid: number | undefined): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return 1024 * Number(/^VmHWM:\s+(\d+)/m.exec(status)?.[1]);
}

/** For each connection of a port: bytes written but not acknowledged, as the kernel counts them. */
function unsentBytes(port: number): number[] {
  const local = `:${port.toString(16).toUpperCase().padStart(4, "0")} `;
  const rows = readFileSync("/proc/net/tcp", "utf8")
    .split("\n")
    .map((row) => row.trim().split(/\s+/));
  return rows
    .filter(([, address = "", , state]) => `${address} `.endsWith(local) && state === "01")
    .map(([, , , , queues = ""]) => Number.parseInt(queues, 16));
}

async function publish(gateway: Gateway, message: string): Promise<void> {
  const response = await fetch(gateway.url("/api/registrations/42/updates"), {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ stage: "t24_lookup", stageStatus: "started", status: "PENDING", message }),
  });
  expect(response.status).toBe(201);
}

test.each([
  ["an endless chunk extension", "1;a="],
  ["an endless trailer section", "0\r\nX: "],
])("%s takes no memory", async (_name, begun) => {
  const gateway = await Gateway.start({ hasDemo: false });
  const before = residentBytesMax(gateway.pid);
  const socket = await hold(gateway, chunked(begun));
  socket.resume();
  const closed = once(socket, "close").catch(() => undefined);
  const piece = Buffer.alloc(65_536, "a");
  let sent = 0;
  while (!socket.destroyed && sent < 300 << 20) {
    if (!socket.write(piece)) await Promise.race([once(socket, "drain"), closed]).catch(() => undefined);
    sent += piece.length;
  }
  expect(socket.destroyed).toBe(true);
  expect(sent).toBeLessThan(64 << 20);
  expect(residentBytesMax(gateway.pid) - before).toBeLessThan(16 << 20);
  expect((await fetch(gateway.url("/api/health"))).status).toBe(200);
  await gateway.stop();
});

test.each([
  ["connections that say nothing", ""],
  ["unfinished heads", "GET /api/health HTTP/1.1\r\nHost:"],
  [
    "unfinished bodies",
    "POST /api/registrations/42/updates HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n{",
  ],
  [
    "bodies that are waited for",
    "POST /api/registrations/42/updates HTTP/1.1\r\nHost: localhost\r\n" +
      "Content-Length: 1000\r\nExpect: 100-continue\r\n\r\n",
  ],
  ["unfinished chunks", chunked("1;a=")],
  ["connections that are not closed", "GET /api/health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"],
])("more %s than there are places lock no client out", async (_name, bytes) => {
  const gateway = await Gateway.start({ hasDemo: false, openFiles: 256 });
  for (let count = 0; count < 100; ++count) await hold(gateway, bytes); // There are 48 places.
  expect((await fetch(gateway.url("/api/health"))).status).toBe(200);
  const events = await EventStream.open(gateway.url(stream));
  expect((await events.next()).type).toBe("connected");
  await publish(gateway, "still here");
  expect((await events.nextUpdate()).message).toBe("still here");
  events.close();
  await gateway.stop();
});

/**
 * Opens this many requests whose bodies come in `piece`s, faster than the gateway's minimum rate, until `afterEach`.
 */
async function trickle(gateway: Gateway, count: number, bodyBytes: number, piece: string): Promise<void> {
  const head = `POST /nothing HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${bodyBytes}\r\n\r\n`;
  for (let index = 0; index < count; ++index) {
    const socket = await hold(gateway, head + piece);
    const timer = setInterval(() => socket.write(piece), 50);
    socket.on("close", () => clearInterval(timer));
  }
}

test.each([
  ["take all places", 64, 10, 1_000_000],
  ["announce all memory", 1024, 64, 1 << 20],
])(
  "bodies that trickle at a sufficient rate, and %s, lock no client out",
  async (_name, openFiles, count, bodyBytes) => {
    const gateway = await Gateway.start({ hasDemo: false, openFiles });
    await trickle(gateway, count, bodyBytes, "x".repeat(50));
    const answers = await Promise.all(["/livez", "/livez", "/api/health"].map((path) => fetch(gateway.url(path))));
    expect(answers.map((answer) => answer.status)).toEqual([200, 200, 200]);
    const events = await EventStream.open(gateway.url(stream));
    expect((await events.next()).type).toBe("connected");
    await publish(gateway, "still here");
    expect((await events.nextUpdate()).message).toBe("still here");
    events.close();
    await gateway.stop();
  },
);

test("64 open files are enough for the page, streams and clients that hold connections", async () => {
  const gateway = await Gateway.start({ openFiles: 64, more: ["--stage-pace-ms", "0", "--t24-latency-ms", "0"] });
  const streams = await Promise.all(
    Array.from({ length: 20 }, () => EventStream.open(gateway.url(`${stream}?registrationId=42`))),
  );
  for (let count = 0; count < 100; ++count) await hold(gateway, "");
  expect((await fetch(gateway.url("/mobile-banking/registration-requests/42"))).status).toBe(200);
  expect((await fetch(gateway.url("/api/health"))).status).toBe(200);
  expect((await gateway.validate(42)).status).toBe(202);
  for (const events of streams) {
    expect((await events.nextUpdate()).registrationId).toBe(42);
    events.close();
  }
  await gateway.stop();
});

test("fewer open files stop the start with one sentence", async () => {
  const child = regstreamWithFiles(63, ["serve", "--port", "0"]);
  expect(await child.exited).toBe(1);
  expect(child.log).toMatch(/^regstream: .*63 files.*64.*ulimit -n\n$/);
});

test("a stream that never reads leaves little in the kernel, while others receive everything", async () => {
  const gateway = await Gateway.start({ hasDemo: false });
  for (let count = 0; count < 50; ++count) {
    const socket = await hold(gateway, `GET ${stream} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    socket.pause();
  }
  const events = await EventStream.open(gateway.url(stream));
  const text = "x".repeat(4000);
  for (let index = 0; index < 2000; ++index) {
    await publish(gateway, `${index} ${text}`);
    expect((await events.nextUpdate()).message).toBe(`${index} ${text}`);
  }
  const unsent = unsentBytes(gateway.port).filter((bytes) => bytes > 0);
  expect(unsent.length).toBeGreaterThanOrEqual(50); // All of them are behind: the kernel could not take everything.
  expect(Math.max(...unsent)).toBeLessThan(256 << 10);
  events.close();
  await gateway.stop();
});
