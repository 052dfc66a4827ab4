import { connect } from "node:net";

import { describe, expect, test } from "vitest";

import { Gateway } from "../processes/gateway.ts";

const stream = "/api/registrations/updates/stream";

/** A client that opens a stream and reads nothing, with more pending than any buffer holds. */
async function stall(gateway: Gateway): Promise<void> {
  const socket = connect(gateway.port, "127.0.0.1");
  socket.on("error", () => undefined);
  socket.write(`GET ${stream} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
  await new Promise((resolve) => socket.once("data", resolve));
  socket.pause();
  const body = JSON.stringify({ stage: "t24_lookup", stageStatus: "started", message: "x".repeat(900_000) });
  for (let update = 0; update < 20; ++update) {
    const response = await fetch(gateway.url("/api/registrations/42/updates"), {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body,
    });
    expect(response.status).toBe(201);
  }
}

describe("a gateway that gets SIGTERM", () => {
  test("logs as long as a stream is left, and ends at once at a second signal", async () => {
    const gateway = await Gateway.start({ hasDemo: false, more: ["--drain-seconds", "3600"] });
    await stall(gateway);
    expect((await fetch(gateway.url("/readyz"))).status).toBe(200);
    const exit = gateway.stop("SIGTERM");
    await gateway.untilLog(/shutting down/);
    expect((await fetch(gateway.url("/readyz"))).status).toBe(503);
    expect((await fetch(gateway.url("/livez"))).status).toBe(200);
    const refused = await fetch(gateway.url(stream));
    expect([refused.status, refused.headers.get("Retry-After")]).toEqual([503, "1"]);
    expect(await refused.text()).toContain("shutting down");
    void gateway.stop("SIGTERM");
    expect(await exit).toBe(0);
  });

  test("cuts off a client that does not read the end", async () => {
    const gateway = await Gateway.start({ hasDemo: false, more: ["--drain-seconds", "1"] });
    await stall(gateway);
    expect(await gateway.stop("SIGTERM")).toBe(0);
  });
});

test("a gateway that gets SIGHUP continues", async () => {
  const gateway = await Gateway.start({ hasDemo: false });
  process.kill(gateway.pid ?? 0, "SIGHUP");
  await gateway.untilLog(/SIGHUP|reloaded/);
  expect((await fetch(gateway.url("/readyz"))).status).toBe(200);
});
