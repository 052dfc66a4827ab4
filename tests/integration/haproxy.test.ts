import { afterEach, describe, expect, test } from "vitest";

import { Gateway } from "../processes/gateway.ts";
import { HaProxy } from "../processes/haproxy.ts";

const stream = "/api/registrations/updates/stream";

/** The stream's bytes as text, as they come. */
async function* readText(url: string): AsyncGenerator<string> {
  const response = await fetch(url);
  if (response.body === null || !response.ok) throw new Error(`${url}: ${response.status}`);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  try {
    for (let read = await reader.read(); !read.done; read = await reader.read()) yield read.value;
  } finally {
    await reader.cancel();
  }
}

// A real proxy's thirty seconds, scaled down. The first ping comes at one of two beats in each heartbeat interval: up
// to half a minute early if heartbeats are a minute apart, but still after the test.
describe("behind an HAProxy that cuts connections after a second of silence, with pings two minutes apart", () => {
  let gateway: Gateway;
  let haproxy: HaProxy;
  const start = async (heartbeatMs: number): Promise<void> => {
    gateway = await Gateway.start({
      hasDemo: false,
      more: ["--ping-interval-ms", "120000", "--heartbeat-interval-ms", String(heartbeatMs)],
    });
    haproxy = await HaProxy.start(gateway.port, 1000);
  };
  afterEach(async () => {
    await haproxy.stop();
    await gateway.stop("SIGKILL");
  });

  test("heartbeats keep a quiet stream open", async () => {
    await start(100);
    let all = "";
    for await (const text of readText(haproxy.url(stream))) {
      all += text;
      // Four times as long as the proxy allows silence, and at most ten times as fast as possible.
      if ((all.match(/^: heartbeat 100$/gm)?.length ?? 0) > 40) break;
    }
    expect(all.match(/^: heartbeat 100$/gm)?.length).toBeGreaterThan(40);
    expect(all.match(/"connected"/g)).toHaveLength(1);
    expect(all).not.toContain('"ping"');
  });

  test("without heartbeats the stream is cut, and the gateway drops it, too", async () => {
    await start(60_000);
    let all = "";
    try {
      for await (const text of readText(haproxy.url(stream))) all += text;
    } catch {
      // The proxy's cut is an error of the body.
    }
    expect(all).toContain('"connected"');
    expect(all).not.toContain('"ping"');
    await expect.poll(() => gateway.get("/api/health"), { timeout: 20_000 }).toMatchObject({ subscribers: 0 });
  });
});
