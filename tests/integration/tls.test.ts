import { once } from "node:events";
import { copyFileSync } from "node:fs";
import { type IncomingMessage, request as plainRequest } from "node:http";
import { connect as connectHttp2 } from "node:http2";
import { Agent, type RequestOptions, request } from "node:https";
import { connect, createServer, type Server, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import type { TLSSocket } from "node:tls";

import { createParser } from "eventsource-parser";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";

import { type Certificate, CertificateAuthority } from "../processes/certificates.ts";
import { Child } from "../processes/child.ts";
import type { StreamMessage, Update } from "../processes/event_stream.ts";
import { Gateway, regstream } from "../processes/gateway.ts";

const authority = new CertificateAuthority();
const stream = "/api/registrations/updates/stream";

const open: { destroy(): void }[] = [];
afterEach(() => {
  for (const connection of open.splice(0)) connection.destroy();
});

function start(certificate: Certificate = authority.issue(), ...more: string[]): Promise<Gateway> {
  return Gateway.start({ hasDemo: false, certificate, more });
}

/** Makes a request over TLS, with the test's own authority. */
async function ask(
  gateway: Gateway,
  path: string,
  options: RequestOptions = {},
  body?: string,
): Promise<IncomingMessage> {
  const asked = request(gateway.url(path), { ca: authority.cert, ...options });
  open.push(asked);
  asked.end(body);
  const [response] = (await once(asked, "response")) as [IncomingMessage];
  return response;
}

const status = async (gateway: Gateway): Promise<number | undefined> =>
  (await ask(gateway, "/livez", { agent: false })).statusCode;

/** A stream's text, as it comes. */
async function* messages(response: IncomingMessage): AsyncGenerator<StreamMessage> {
  const found: StreamMessage[] = [];
  const parser = createParser({ onEvent: (event) => found.push(JSON.parse(event.data) as StreamMessage) });
  response.setEncoding("utf8");
  for await (const chunk of response) {
    parser.feed(chunk as string);
    yield* found.splice(0);
  }
}

/** Reads so many updates of a stream. */
async function updates(response: IncomingMessage, count: number): Promise<Update[]> {
  const found: Update[] = [];
  for await (const message of messages(response)) {
    if (message.type === "update" && found.push(message.data) === count) break;
  }
  return found;
}

const agent = new Agent({ keepAlive: true, maxSockets: 8, ca: authority.cert });
afterAll(() => agent.destroy());

async function publish(gateway: Gateway, message: string): Promise<void> {
  const response = await ask(
    gateway,
    "/api/registrations/42/updates",
    { method: "POST", agent, headers: { "Content-Type": "application/json" } },
    JSON.stringify({ stage: "t24_lookup", stageStatus: "started", status: "PENDING", message }),
  );
  response.resume();
  expect(response.statusCode).toBe(201);
}

const numbers = (count: number): string[] => Array.from({ length: count }, (_, number) => String(number));

/** A proxy that passes the client's and the gateway's bytes on one by one. */
async function byteByByte(gateway: Gateway): Promise<Server> {
  const relay = (from: Socket, to: Socket): void => {
    to.setNoDelay(true);
    from.on("data", (chunk: Buffer) => {
      for (const byte of chunk) to.write(Buffer.of(byte));
    });
    from.on("close", () => to.destroy());
    from.on("error", () => undefined);
  };
  const server = createServer((client) => {
    const gatewaySide = connect(gateway.port, "127.0.0.1");
    relay(client, gatewaySide);
    relay(gatewaySide, client);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}

describe("the gateway over TLS", () => {
  let gateway: Gateway;
  beforeAll(async () => {
    gateway = await start();
  });
  afterAll(() => gateway.stop());

  test("streams updates at once, one by one and a thousand together", async () => {
    const response = await ask(gateway, `${stream}?registrationId=42`);
    expect(response.headers["content-type"]).toBe("text/event-stream");
    const heard = updates(response, 1_001);
    await publish(gateway, "first");
    await Promise.all(numbers(1_000).map((number) => publish(gateway, number)));
    const found = await heard;
    expect(found[0]?.message).toBe("first");
    expect(found.map(({ message }) => message).sort()).toEqual(["first", ...numbers(1_000)].sort());
    const sequences = found.map(({ id }) => Number(id?.split("-")[1]));
    expect(sequences).toEqual([...sequences].sort((left, right) => left - right));
  });

  test("a reader that falls behind gets every byte, in order", async () => {
    const response = await ask(gateway, `${stream}?registrationId=42`);
    response.pause();
    response.socket.pause();
    // More than both systems' buffers hold.
    const padding = "x".repeat(20_000);
    for (const number of numbers(400)) await publish(gateway, `${number} ${padding}`);
    response.socket.resume();
    const found = await updates(response, 400);
    expect(found.map(({ message }) => message)).toEqual(numbers(400).map((number) => `${number} ${padding}`));
  });

  test("the native client reads it, and checks the certificate's issuer", async () => {
    const listener = regstream([
      "listen",
      "--url",
      gateway.url(`${stream}?registrationId=42`),
      "--ca-file",
      authority.certFile,
    ]);
    await listener.untilOutput(/connected/);
    await publish(gateway, "to a listener");
    await listener.untilOutput(/to a listener/);
    expect(await listener.stop()).toBe(0);
  });

  test("requests and answers may arrive in bytes", async () => {
    const way = await byteByByte(gateway);
    const { port } = way.address() as { port: number };
    const response = await ask(gateway, "/livez", { port, agent: false });
    expect(response.statusCode).toBe(200);
    await text(response);
    const streamed = await ask(gateway, `${stream}?registrationId=42`, { port, agent: false });
    const heard = updates(streamed, 1);
    await publish(gateway, "in bytes");
    expect((await heard)[0]?.message).toBe("in bytes");
    way.close();
  });

  test("a plain HTTP request gets the https address", async () => {
    const asked = plainRequest({ port: gateway.port, host: "127.0.0.1", path: "/livez" }).end();
    const [response] = (await once(asked, "response")) as [IncomingMessage];
    expect(response.statusCode).toBe(400);
    expect(await text(response)).toMatch(/https:\/\//);
  });

  test("a client that offers only HTTP/2 is refused by name", async () => {
    const session = connectHttp2(gateway.url("/"), { ca: authority.cert });
    const [error] = (await once(session, "error")) as [Error];
    expect(error.message).toMatch(/no application protocol/i);
  });

  test.each([
    ["nothing that is TLS", Buffer.from("SSH-2.0-OpenSSH_9.2\r\n")],
    ["zeros", Buffer.alloc(100_000)],
    ["a record that is too long", Buffer.concat([Buffer.from([22, 3, 1, 255, 255]), Buffer.alloc(70_000, 1)])],
    ["a hello of noise", Buffer.concat([Buffer.from([22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3]), Buffer.alloc(506, 77)])],
    ["an alert", Buffer.from([21, 3, 3, 0, 2, 2, 40])],
  ])("%s ends only its own connection", async (_name, bytes) => {
    const socket = connect(gateway.port, "127.0.0.1");
    socket.on("error", () => undefined);
    socket.resume();
    const closed = new Promise((resolve) => socket.on("close", resolve));
    socket.write(bytes);
    await closed;
    expect(await status(gateway)).toBe(200);
  });
});

test("unfinished handshakes give way", async () => {
  const gateway = await Gateway.start({
    hasDemo: false,
    certificate: authority.issue(),
    openFiles: 128,
    more: ["--connections-per-client", "0"],
  });
  for (let stalled = 0; stalled < 128; ++stalled) {
    const socket = connect(gateway.port, "127.0.0.1");
    socket.on("error", () => undefined);
    open.push(socket);
    socket.write(Buffer.from([22, 3, 1, 2, 0]));
  }
  expect(await status(gateway)).toBe(200);
  await gateway.stop();
});

test("new connections use reloaded files, open streams stay, and bad files change nothing", async () => {
  const first = authority.issue({ names: "IP:127.0.0.1,DNS:first" });
  const gateway = await start(first);
  const shown = async (): Promise<string> => {
    const response = await ask(gateway, "/livez", { agent: false });
    return (response.socket as TLSSocket).getPeerCertificate().subjectaltname ?? "";
  };
  const response = await ask(gateway, `${stream}?registrationId=42`);
  const heard = updates(response, 1);
  expect(await shown()).toMatch(/first/);

  const second = authority.issue({ names: "IP:127.0.0.1,DNS:second" });
  copyFileSync(second.certFile, first.certFile);
  gateway.signal("SIGHUP");
  await gateway.untilLog(/can't reload the certificates, .*: the key .* does not belong to the certificate/);
  expect(await shown()).toMatch(/first/);

  copyFileSync(second.keyFile, first.keyFile);
  gateway.signal("SIGHUP");
  await gateway.untilLog(/reloaded the certificates/);
  expect(await shown()).toMatch(/second/);
  await publish(gateway, "after the reload");
  expect((await heard)[0]?.message).toBe("after the reload");
  await gateway.stop();
});

test("a stream that a shutdown ends differs from one that was cut", async () => {
  const ends = async (signal: NodeJS.Signals): Promise<string> => {
    const gateway = await start();
    // HTTP/1.0 has no chunks: only TLS marks the end.
    const client = new Child(
      "openssl",
      ["s_client", "-connect", `127.0.0.1:${gateway.port}`, "-quiet", "-ign_eof"],
      {},
      null,
    );
    client.write(`GET ${stream} HTTP/1.0\r\n\r\n`);
    await client.untilOutput(/connected/);
    await gateway.stop(signal);
    await client.exited;
    return client.log;
  };
  expect(await ends("SIGTERM")).not.toMatch(/unexpected eof/);
  expect(await ends("SIGKILL")).toMatch(/unexpected eof/);
});

describe("invalid options of TLS", () => {
  const certificate = authority.issue();
  const other = authority.issue();
  test.each([
    ["a certificate without a key", 2, ["--tls-cert", certificate.certFile], /--tls-key/],
    ["a key without a certificate", 2, ["--tls-key", certificate.keyFile], /--tls-cert/],
    [
      "another certificate's key",
      1,
      ["--tls-cert", certificate.certFile, "--tls-key", other.keyFile],
      /does not belong to the certificate/,
    ],
    ["no file", 1, ["--tls-cert", "/nowhere.pem", "--tls-key", certificate.keyFile], /"\/nowhere.pem" can't be read/],
  ])("%s", async (_name, code, options, sentence) => {
    const child = regstream(["serve", "--port", "0", ...options]);
    expect(await child.exited).toBe(code);
    expect(child.log).toMatch(sentence);
  });

  test("an expired certificate is used, with a warning", async () => {
    const gateway = await start(authority.issue({ days: -1 }));
    await gateway.untilLog(/has expired/);
    await gateway.stop();
  });
});
