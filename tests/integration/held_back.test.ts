// A proxy that passes an answer on once it is complete: a stream never, a poll at its end.
import { RegistrationStream, type StreamSnapshot } from "regstream";
import { afterAll, beforeAll, expect, test } from "vitest";

import { Gateway } from "../processes/gateway.ts";
import { Mock, shipped } from "../processes/mock.ts";
import { Nginx } from "../processes/nginx.ts";

const path = "/api/registrations/updates/stream";

let gateway: Gateway;
let nginx: Nginx;
beforeAll(async () => {
  gateway = await Gateway.start({ hasDemo: false });
  nginx = await Nginx.start(gateway.port, "proxy_buffering on; proxy_ignore_headers X-Accel-Buffering;");
});
afterAll(() => Promise.all([nginx.stop(), gateway.stop("SIGKILL")]));

async function publish(status: string): Promise<string> {
  const response = await fetch(gateway.url("/api/registrations/42/updates"), {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ status, message: "so it is" }),
  });
  expect(response.ok).toBe(true);
  return ((await response.json()) as { id: string }).id;
}

async function poll(query: string): Promise<string> {
  return (await fetch(nginx.url(`${path}?registrationId=42&poll=1${query}`))).text();
}

test("a poll comes through completely, whether it waits or not", async () => {
  const first = await publish("PENDING");
  const whole = (id: string, type: string): RegExp =>
    new RegExp(`"type":"connected".*\\n\\nid: ${id}\\ndata: \\{"type":"${type}".*\\n\\n$`);
  expect(await poll("")).toMatch(whole(first, "snapshot"));
  const waiting = poll(`&lastEventId=${first}`);
  // The poll's subscription exists before the update is published.
  const subscribers = async () => (await gateway.get<{ subscribers: number }>("/api/health")).subscribers;
  await expect.poll(subscribers).toBe(1);
  const second = await publish("APPROVED");
  expect(await waiting).toMatch(whole(second, "update"));
});

test("a stream is held back, and polls replace it as one connection", async () => {
  const updates: string[] = [];
  const stream = new RegistrationStream({
    url: nginx.url(path),
    registrationId: 42,
    transport: "fetch",
    onUpdate: ({ id }) => updates.push(id ?? ""),
  });
  const until = (wanted: (snapshot: StreamSnapshot) => boolean): Promise<void> =>
    new Promise((resolve) => {
      const look = (): void => {
        if (wanted(stream.getSnapshot())) {
          stop();
          resolve();
        }
      };
      const stop = stream.subscribe(look);
      look();
    });
  stream.connect();
  await until(({ isConnected }) => isConnected);
  expect(stream.getSnapshot()).toMatchObject({ transport: "polling", connections: 1 });
  const published: string[] = [];
  for (let count = 0; count < 20; ++count) {
    published.push(await publish("PENDING"));
  }
  published.push(await publish("APPROVED"));
  await until(({ latestUpdate }) => latestUpdate?.id === published.at(-1));
  expect(updates).toEqual(published);
  expect(stream.getSnapshot()).toMatchObject({ isConnected: true, connections: 1, resets: 0, error: null });
  stream.close();
});

test("in the shipped scenario the stream detects the network and continues by polls as one connection", async () => {
  const mock = await Mock.start(shipped("held_back"));
  const messages: string[] = [];
  const stream = new RegistrationStream({
    url: mock.url(),
    registrationId: 42,
    transport: "fetch",
    onUpdate: ({ message }) => messages.push(message ?? ""),
  });
  await new Promise<void>((resolve) => {
    stream.subscribe(() => {
      if (stream.getSnapshot().latestUpdate?.status === "APPROVED") resolve();
    });
    stream.connect();
  });
  expect(stream.getSnapshot()).toMatchObject({ transport: "polling", isConnected: true, connections: 1, error: null });
  stream.close();
  expect(messages).toEqual(["Checking for duplicates", "Customer validated successfully"]);
  const requests = (await mock.requests()).slice(0, 5);
  expect(requests.map(({ lastEventId }) => lastEventId)).toEqual([
    null,
    null,
    null,
    "1702492000000-0",
    "1702492000000-1",
  ]);
  expect(await mock.stop()).toBe(0);
});
