import { request } from "node:http";
import type { IncomingMessage } from "node:http";

import { describe, expect, test } from "vitest";

import { Gateway, regstream } from "../processes/gateway.ts";
import { Nginx } from "../processes/nginx.ts";

const stream = "/api/registrations/updates/stream";

/** Opens a stream and leaves it open; resolves with its head. */
async function open(url: string, headers: Record<string, string>): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request(url, { headers, agent: false })
      .on("response", (response) => {
        response.on("error", () => undefined);
        resolve(response);
      })
      .on("error", reject)
      .end();
  });
}

async function statuses(url: string, requests: Record<string, string>[]): Promise<(number | undefined)[]> {
  const found: (number | undefined)[] = [];
  for (const headers of requests) found.push((await open(url, headers)).statusCode);
  return found;
}

const behindProxy = ["--open", "--connections-per-client", "2", "--trusted-proxy", "127.0.0.1"];

describe("clients behind a trusted proxy", () => {
  test("are each counted by their own address, the last one that the proxy adds", async () => {
    const gateway = await Gateway.start({ hasDemo: false, more: behindProxy });
    const from = (list: string): Record<string, string> => ({ "X-Forwarded-For": list });
    // Addresses further left may be made up by the client.
    expect(
      await statuses(gateway.url(stream), [
        from("192.0.2.1"),
        from("192.0.2.66, 192.0.2.1"),
        from("192.0.2.67, 192.0.2.1"),
      ]),
    ).toEqual([200, 200, 429]);
    const refused = await open(gateway.url(stream), { Forwarded: 'for="192.0.2.1:4711"' });
    expect([refused.statusCode, refused.headers["retry-after"]]).toEqual([429, "1"]);
    expect(
      await statuses(gateway.url(stream), [
        from("192.0.2.2"),
        from("2001:db8::1"),
        from("2001:db8::2"),
        from("2001:db8::3"),
      ]),
    ).toEqual([200, 200, 200, 429]);
    // A program on this machine is exempt, and so is the proxy's own request.
    expect(await statuses(gateway.url(stream), [from("127.0.0.9"), {}, {}, {}])).toEqual([200, 200, 200, 200]);
    await gateway.untilLog(/a client behind a proxy has reached its limit of connections/);
    expect(gateway.log).not.toContain("192.0.2");
    expect(await gateway.get("/api/health")).toMatchObject({ connections: { refusedAtClientLimit: 3 } });
  });

  test("give their places back, also if the proxy keeps its connection", async () => {
    const gateway = await Gateway.start({ hasDemo: false, more: behindProxy });
    const headers = { "X-Forwarded-For": "192.0.2.1" };
    for (let count = 0; count < 5; ++count) {
      const response = await fetch(gateway.url("/livez"), { headers });
      expect(response.status).toBe(200);
      await response.arrayBuffer();
    }
    expect(await statuses(gateway.url(stream), [headers, headers])).toEqual([200, 200]);
  });

  test("are identified as nginx saw them, whatever they send themselves", async () => {
    const gateway = await Gateway.start({ hasDemo: false, more: behindProxy });
    // X-Client represents the address that a client connects from.
    const nginx = await Nginx.start(
      gateway.port,
      `set_real_ip_from 127.0.0.1; real_ip_header X-Client; proxy_http_version 1.1;
       proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; proxy_set_header Forwarded "";`,
    );
    const from = (client: string, claimed: string): Record<string, string> => ({
      "X-Client": client,
      "X-Forwarded-For": claimed,
      Forwarded: `for=${claimed}`,
    });
    expect(
      await statuses(nginx.url(stream), [
        from("198.51.100.1", "192.0.2.1"),
        from("198.51.100.1", "192.0.2.2"),
        from("198.51.100.1", "192.0.2.3"),
        from("198.51.100.2", "198.51.100.1"),
      ]),
    ).toEqual([200, 200, 429, 200]);
    await nginx.stop();
  });

  test("are not identified if no proxy is trusted", async () => {
    const gateway = await Gateway.start({ hasDemo: false, more: ["--open", "--connections-per-client", "2"] });
    const headers = { "X-Forwarded-For": "192.0.2.1" };
    expect(await statuses(gateway.url(stream), [headers, headers, headers])).toEqual([200, 200, 200]);
  });

  test("need a valid block of addresses", async () => {
    const child = regstream(["serve", "--trusted-proxy", "10.1.0.0/8"]);
    expect(await child.exited).toBe(2);
    expect(child.log).toMatch(/--trusted-proxy: "10\.1\.0\.0\/8" is not an address or a block of addresses/);
  });
});

test("as many streams are served as --streams-max says", async () => {
  const gateway = await Gateway.start({ hasDemo: false, more: ["--streams-max", "2"] });
  expect(await statuses(gateway.url(stream), [{}, {}, {}])).toEqual([200, 200, 503]);
});
