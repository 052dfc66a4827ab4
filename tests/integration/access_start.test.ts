import { describe, expect, test } from "vitest";

import { regstream } from "../processes/gateway.ts";
import { TokenKey } from "../processes/tokens.ts";

const openGateway = /everybody who can reach this gateway/;

describe("a gateway that other machines can reach", () => {
  test.each([
    ["--address 0.0.0.0", ["--address", "0.0.0.0"]],
    ["--address ::", ["--address", "::"]],
    ["--address bank.example", ["--address", "bank.example"]],
    ["--allow-host bank.example", ["--allow-host", "localhost", "--allow-host", "Bank.example:443"]],
    ["--trusted-proxy 127.0.0.1", ["--trusted-proxy", "127.0.0.1"]],
    [
      "--cors-origin https://bank.example",
      ["--cors-origin", "http://localhost:3000", "--cors-origin", "https://bank.example"],
    ],
  ])("does not start by accident with %s", async (what, args) => {
    const child = regstream(["serve", "--port", "0", ...args]);
    expect(await child.exited).toBe(2);
    expect(child.log.trim().split("\n")).toHaveLength(1);
    expect(child.log).toContain(`${what} lets other machines reach the gateway`);
    expect(child.log).toContain("--open");
  });

  test.each([
    ["--address 0.0.0.0", ["--address", "0.0.0.0"], "0.0.0.0"],
    ["--allow-host bank.example", ["--allow-host", "bank.example"], "127.0.0.1"],
    ["--trusted-proxy 127.0.0.1", ["--trusted-proxy", "127.0.0.1"], "127.0.0.1"],
    ["--cors-origin https://bank.example", ["--cors-origin", "https://bank.example"], "127.0.0.1"],
  ])("starts with %s and --open, says so, and publishes for nobody", async (what, args, address) => {
    const child = regstream(["serve", "--port", "0", "--open", ...args]);
    const ready = await child.untilOutput(new RegExp(`serving on http://${address.replaceAll(".", "\\.")}:(\\d+)`));
    const url = `http://127.0.0.1:${ready[1]}`;
    expect((await fetch(`${url}/api/health`)).status).toBe(200);
    expect((await fetch(`${url}/api/registrations/42/updates`, { method: "POST" })).status).toBe(404);
    await child.stop(); // Its log is complete.
    expect(child.log).toMatch(openGateway);
    expect(child.log).toContain(what);
  });
});

test.each([
  ["a loopback address", ["--address", "127.0.0.1"]],
  ["its name", ["--address", "localhost"]],
  ["names of this machine", ["--allow-host", "page.localhost", "--allow-host", "localhost:8080"]],
  ["pages of this machine", ["--cors-origin", "http://localhost:3000"]],
])("a gateway on %s is open without a warning", async (_name, args) => {
  const child = regstream(["serve", "--port", "0", ...args]);
  await child.untilOutput(/serving on http:\/\/\S+/);
  await child.stop();
  expect(child.log).not.toMatch(openGateway);
});

test.each(["--token-issuer", "--token-audience"])("%s without a key is no policy", async (option) => {
  const child = regstream(["serve", "--port", "0", option, "https://issuer.example"]);
  expect(await child.exited).toBe(2);
  expect(child.log).toContain(`${option} has no effect without a key that verifies tokens`);
});

test("a gateway that is open to its machine serves nobody through a proxy, unless allowed", async () => {
  for (const [more, status] of [
    [[], 421],
    [["--open"], 200],
  ] as const) {
    const child = regstream(["serve", "--port", "0", ...more]);
    const ready = await child.untilOutput(/serving on (http:\/\/\S+)/);
    const statusOf = async (path: string, headers: Record<string, string>, method = "GET"): Promise<number> => {
      const response = await fetch(`${ready[1]}${path}`, { method, headers });
      await response.body?.cancel();
      return response.status;
    };
    const forwarded = { "X-Forwarded-For": "192.0.2.1" };
    expect(await statusOf("/api/health", forwarded)).toBe(status);
    expect(await statusOf("/api/health", { Forwarded: "for=192.0.2.1" })).toBe(status);
    expect(await statusOf("/api/registrations/updates/stream", forwarded)).toBe(status);
    expect(await statusOf("/api/registrations/updates/stream/tickets", forwarded, "POST")).toBe(status);
    expect(await statusOf("/api/health", { "X-Forwarded-For": "127.0.0.1, ::1" })).toBe(200);
    await child.stop();
  }
});

test("a gateway with a key may listen anywhere, and asks every client for a token", async () => {
  const child = regstream([
    "serve",
    "--port",
    "0",
    "--address",
    "0.0.0.0",
    "--token-key",
    TokenKey.make("ES256").file(),
  ]);
  const ready = await child.untilOutput(/serving on http:\/\/0\.0\.0\.0:(\d+)/);
  const url = `http://127.0.0.1:${ready[1]}`;
  expect((await fetch(`${url}/livez`)).status).toBe(200);
  expect((await fetch(`${url}/api/health`)).status).toBe(401);
  expect((await fetch(`${url}/api/registrations/42/updates`, { method: "POST" })).status).toBe(401);
  await child.stop();
  expect(child.log).not.toMatch(openGateway);
});
