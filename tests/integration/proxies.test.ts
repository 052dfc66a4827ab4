import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

import { afterEach, beforeAll, describe, expect, test } from "vitest";

import { type Certificate, CertificateAuthority } from "../processes/certificates.ts";
import { DocumentedProxy } from "../processes/documented_proxy.ts";
import { Gateway } from "../processes/gateway.ts";
import { Http2Client } from "../processes/http2_client.ts";

const streamPath = "/api/registrations/updates/stream";

/**
 * A look-up that does not answer during a test: an event that arrives first was not held back until a buffer was full.
 */
const held = ["--stage-pace-ms", "0", "--t24-fault", "silent", "--job-interval-ms", "3600000"];

let authority: CertificateAuthority;
let certificate: Certificate;
beforeAll(() => {
  authority = new CertificateAuthority();
  certificate = authority.issue({ names: "DNS:bank.example" });
});

const openings: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of openings.splice(0).reverse()) await close();
});

async function startGateway(...more: string[]): Promise<Gateway> {
  const gateway = await Gateway.start({ more: ["--allow-host", "bank.example", "--open", ...held, ...more] });
  openings.push(() => gateway.stop("SIGKILL"));
  return gateway;
}

async function connect(proxy: DocumentedProxy): Promise<Http2Client> {
  openings.push(() => proxy.stop());
  const client = await Http2Client.connect(proxy.port, "bank.example", authority.cert);
  openings.push(() => client.close());
  return client;
}

const subscribersOf = async (gateway: Gateway): Promise<number> =>
  (await gateway.get<{ subscribers: number }>("/api/health")).subscribers;

describe.each([
  ["nginx", 128, (port: number) => DocumentedProxy.nginx(port, certificate)],
  ["Caddy", 250, (port: number) => DocumentedProxy.caddy(port, certificate)],
])("behind the documented %s, over HTTP/2 with a client that accepts gzip", (_name, streamsMax, start) => {
  test("pages are compressed and streams are not: events arrive one by one, and many at once as they are", async () => {
    const gateway = await startGateway();
    const proxy = await start(gateway.port);
    const client = await connect(proxy);
    const page = await client.request("/");
    expect(page.head).toMatchObject({
      ":status": 200,
      "content-encoding": "gzip",
      "strict-transport-security": "max-age=63072000",
    });

    const stream = await client.request(`${streamPath}?registrationId=42`);
    expect(stream.head).toMatchObject({ ":status": 200, "content-type": "text/event-stream" });
    expect(stream.head).not.toHaveProperty("content-encoding");
    const [, epoch] = /id: (\d+)-0/.exec(await stream.textUntil('"connected"')) ?? [];

    const post = { origin: `https://bank.example:${proxy.port}` };
    expect((await client.request("/api/registrations/42/process", post, "POST")).head[":status"]).toBe(202);
    const heard = await stream.textUntil('"stage":"t24_lookup"');
    expect(heard).toContain('"duplicate_check"');
    expect(heard).not.toContain('"stage":"account_validation"');

    const resumed = await client.request(`${streamPath}?lastEventId=${epoch}-0`);
    const replayed = await resumed.textUntil('"stage":"t24_lookup"');
    expect(replayed.length).toBeGreaterThan(512);
    expect(resumed.head).not.toHaveProperty("content-encoding");
  });

  test("twenty streams share one connection, and leave the gateway with it", async () => {
    const gateway = await startGateway();
    const proxy = await start(gateway.port);
    const client = await connect(proxy);
    const streams = await Promise.all(
      Array.from({ length: 20 }, (_, index) => client.request(`${streamPath}?registrationId=${index + 1}`)),
    );
    await Promise.all(streams.map((stream) => stream.textUntil('"connected"')));
    expect(await subscribersOf(gateway)).toBe(20);
    expect(client.streamsMax).toBe(streamsMax);
    client.close();
    await expect.poll(() => subscribersOf(gateway), { timeout: 30_000 }).toBe(0);
  });

  test("another site's page changes nothing", async () => {
    const gateway = await startGateway();
    const client = await connect(await start(gateway.port));
    const post = { origin: "https://evil.example" };
    expect((await client.request("/api/registrations/42/process", post, "POST")).head[":status"]).toBe(403);
  });

  test("the gateway gets the client's Host and address, and none that the client made up", async () => {
    const gateway = createServer((request, response) => void response.end(JSON.stringify(request.headers)));
    await new Promise<void>((resolve) => gateway.listen(0, "127.0.0.1", resolve));
    openings.push(() => void gateway.close());
    const proxy = await start((gateway.address() as AddressInfo).port);
    const client = await connect(proxy);
    const answer = await client.request("/", {
      forwarded: "for=203.0.113.9",
      "x-forwarded-for": "203.0.113.9",
      "accept-encoding": "identity",
    });
    const heard = JSON.parse(await answer.text()) as Record<string, string>;
    expect(heard).not.toHaveProperty("forwarded");
    // Read from the right, up to the first address that is not a trusted proxy.
    expect(heard["x-forwarded-for"]?.split(", ").at(-1)).toBe("127.0.0.1");
    expect(heard["host"]).toBe(`bank.example:${proxy.port}`);
    gateway.closeAllConnections();
  });

  test("tickets appear in no log of the proxy", async () => {
    const gateway = await startGateway();
    const proxy = await start(gateway.port);
    const client = await connect(proxy);
    await (await client.request("/livez?ticket=s3cr3t")).text();
    const logged = (): string => readFileSync(proxy.accessLogFile, "utf8");
    await expect.poll(logged, { timeout: 30_000 }).toContain("/livez");
    expect(logged()).not.toContain("s3cr3t");
  });
});

describe("behind the documented nginx", () => {
  test("heartbeats keep a quiet stream open longer than nginx waits for a byte", async () => {
    const gateway = await startGateway("--ping-interval-ms", "120000", "--heartbeat-interval-ms", "100");
    // A real proxy's minute and ten seconds, scaled down.
    const client = await connect(await DocumentedProxy.nginx(gateway.port, certificate, "proxy_read_timeout 1s;"));
    const stream = await client.request(streamPath);
    const quiet = await stream.textUntil(": heartbeat 100\n", 30);
    expect(quiet.match(/"connected"/g)).toHaveLength(1);
  });
});
