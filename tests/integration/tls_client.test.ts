import { createServer as createPlainServer, type RequestListener, type Server } from "node:http";
import { createServer, type ServerOptions } from "node:https";
import type { AddressInfo } from "node:net";
import type { TLSSocket } from "node:tls";

import { afterEach, beforeAll, describe, expect, test } from "vitest";

import { CertificateAuthority } from "../processes/certificates.ts";
import type { Child } from "../processes/child.ts";
import { regstream } from "../processes/gateway.ts";

let authority: CertificateAuthority;
beforeAll(() => {
  authority = new CertificateAuthority();
});

const servers = new Set<Server>();
afterEach(() => {
  for (const server of servers) {
    server.close();
    server.closeAllConnections();
  }
  servers.clear();
});

async function listening(server: Server): Promise<number> {
  servers.add(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

const stream: RequestListener = (_, response) => {
  response.writeHead(200, { "Content-Type": "text/event-stream" });
  response.write("data: over TLS\n\n");
};

/** Starts a server with a certificate of the authority; returns its port. */
const secure = (options: ServerOptions = authority.issue(), respond = stream): Promise<number> =>
  listening(createServer(options, respond));

function listen(url: string, ...options: string[]): Child {
  return regstream(["listen", "--url", url, "--initial-delay-ms", "10", "--ca-file", authority.certFile, ...options]);
}

describe("regstream listen over TLS", () => {
  test.each(["127.0.0.1", "localhost"])("reads a stream of %s, whose certificate it checks", async (host) => {
    const asked: { name: string | false | undefined; protocol: string | false | null }[] = [];
    const server = createServer({ ...authority.issue(), ALPNProtocols: ["h2", "http/1.1"] }, stream);
    // Node's types omit `servername`.
    server.on("secureConnection", (socket: TLSSocket & { servername?: string | false }) =>
      asked.push({ name: socket.servername, protocol: socket.alpnProtocol }),
    );
    const port = await listening(server);
    const listener = listen(`https://${host}:${port}/`);
    await listener.untilOutput(/over TLS/);
    expect(await listener.stop()).toBe(0);
    // The requested name (SNI) is never an address.
    expect(asked).toEqual([{ name: host === "localhost" ? host : false, protocol: "http/1.1" }]);
  });

  test.each([
    ["has expired", { days: -1 }, /has expired/],
    ["is for another host", { names: "DNS:bank.example" }, /is for another host/],
    ["is another address's", { names: "IP:127.0.0.2,DNS:localhost" }, /is for another host/],
  ])("does not trust a certificate that %s", async (_name, options, sentence) => {
    const port = await secure(authority.issue(options));
    const listener = listen(`https://127.0.0.1:${port}/?token=hunter2`);
    const [line] = await listener.untilOutput(/^.*"state":"waiting".*$/m);
    expect(JSON.parse(line)).toMatchObject({ error: expect.stringMatching(sentence) });
    await listener.stop();
    expect(listener.log).not.toMatch(/hunter2|over TLS/);
  });

  test("does not trust another authority", async () => {
    const port = await secure(new CertificateAuthority().issue());
    const listener = listen(`https://127.0.0.1:${port}/`);
    await listener.untilOutput(/"state":"waiting".*issuer that this client doesn't trust/);
    await listener.stop();
  });

  test("does not trust, with the system's authorities, one that only a CA file names", async () => {
    const port = await secure();
    const listener = regstream(["listen", "--url", `https://127.0.0.1:${port}/`]);
    await listener.untilOutput(/"state":"waiting".*issuer that this client doesn't trust/);
    await listener.stop();
  });

  test("reports a server without TLS", async () => {
    const port = await listening(createPlainServer(stream));
    const listener = listen(`https://127.0.0.1:${port}/`);
    await listener.untilOutput(/"state":"waiting".*does not speak TLS on this port/);
    await listener.stop();
  });

  test("refuses TLS below 1.2", async () => {
    const port = await secure({
      ...authority.issue(),
      minVersion: "TLSv1",
      maxVersion: "TLSv1.1",
      ciphers: "DEFAULT@SECLEVEL=0",
    });
    const listener = listen(`https://127.0.0.1:${port}/`);
    await listener.untilOutput(/"state":"waiting".*no TLS with/);
    await listener.stop();
  });

  test("distinguishes a stream that was cut from one that has ended", async () => {
    const port = await secure(authority.issue(), (_, response) => {
      // Without a length and without chunks, only TLS marks the end.
      response.useChunkedEncodingByDefault = false;
      response.writeHead(200, { "Content-Type": "text/event-stream", Connection: "close" });
      response.write("data: cut\n\n", () => response.socket?.destroy());
    });
    const listener = listen(`https://127.0.0.1:${port}/`);
    await listener.untilOutput(/"state":"waiting".*broke/);
    await listener.stop();
  });

  test("follows a redirect from http to https, without the credentials", async () => {
    let authorization: string | undefined;
    const port = await secure(authority.issue(), (request, response) => {
      authorization = request.headers.authorization ?? "none";
      stream(request, response);
    });
    const plain = await listening(
      createPlainServer((_, response) => response.writeHead(307, { Location: `https://localhost:${port}/` }).end()),
    );
    const listener = listen(`http://127.0.0.1:${plain}/`, "--header", "Authorization: Bearer hunter2");
    await listener.untilOutput(/over TLS/);
    expect(await listener.stop()).toBe(0);
    expect(authorization).toBe("none");
  });

  test("never follows one from https to http", async () => {
    let wasAsked = false;
    const plain = await listening(
      createPlainServer((_, response) => {
        wasAsked = true;
        response.end();
      }),
    );
    const port = await secure(authority.issue(), (_, response) =>
      response.writeHead(307, { Location: `http://127.0.0.1:${plain}/` }).end(),
    );
    const listener = listen(`https://127.0.0.1:${port}/`);
    expect(await listener.exited).toBe(1);
    expect(listener.log).toMatch(/"state":"closed","reason":"redirect_failed".*from https to http/);
    expect(wasAsked).toBe(false);
  });
});
