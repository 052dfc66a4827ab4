import { once } from "node:events";
import type { RequestListener } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";

import { describe, test } from "vitest";

import { CertificateAuthority } from "../processes/certificates.ts";
import { EventStream } from "../processes/event_stream.ts";
import { Gateway } from "../processes/gateway.ts";
import { bearer, TokenKey } from "../processes/tokens.ts";

// Keys by https, from the issuer's server to a stream. tests/unit/access/key_keeper_test.cpp tests when they are
// fetched.

const authority = new CertificateAuthority();
const certificate = authority.issue();
const stream = "/api/registrations/updates/stream";

/** An issuer's server. It answers with its keys, or with a test's answer. */
class Issuer {
  private readonly server: Server;
  /** How many requests it got. */
  requests = 0;

  private constructor(public answer: RequestListener) {
    this.server = createServer(certificate, (request, response) => {
      this.requests += 1;
      this.answer(request, response);
    });
  }

  static async start(keys: Readonly<Record<string, TokenKey>>): Promise<Issuer> {
    const issuer = new Issuer(keySet(keys));
    issuer.server.listen(0, "127.0.0.1");
    await once(issuer.server, "listening");
    return issuer;
  }

  get url(): string {
    return `https://localhost:${(this.server.address() as AddressInfo).port}/keys?client=hunter2`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

const keySet =
  (keys: Readonly<Record<string, TokenKey>>): RequestListener =>
  (_request, response) => {
    response.writeHead(200, { "Content-Type": "application/jwk-set+json", "Cache-Control": "max-age=300" });
    response.end(JSON.stringify({ keys: Object.entries(keys).map(([id, key]) => key.jwk(id)) }));
  };

const serve = ({ url }: Issuer, caFile = authority.certFile): Promise<Gateway> =>
  Gateway.start({ hasDemo: false, more: ["--token-jwks", url, "--token-ca-file", caFile] });

const tokenOf = (key: TokenKey, id: string): string => key.token({ subscribe: ["registration:42"] }, {}, { kid: id });

/** A stream's answer: status and Retry-After. */
async function ask(gateway: Gateway, token: string): Promise<{ status: number; retryAfter: string | null }> {
  const response = await fetch(gateway.url(stream), { headers: bearer(token) });
  await response.body?.cancel();
  return { status: response.status, retryAfter: response.headers.get("Retry-After") };
}

describe.concurrent("keys that are fetched over TLS", () => {
  const ec = TokenKey.make("ES256");
  const rsa = TokenKey.make("RS256");
  const unknown = tokenOf(TokenKey.make("ES256"), "unknown");

  test("verify tokens of both key types", async ({ expect }) => {
    const issuer = await Issuer.start({ ec, rsa });
    const gateway = await serve(issuer);
    expect(await ask(gateway, tokenOf(ec, "ec"))).toMatchObject({ status: 200 });
    expect(await ask(gateway, tokenOf(rsa, "rsa"))).toMatchObject({ status: 200 });
    expect(await ask(gateway, tokenOf(rsa, "ec"))).toMatchObject({ status: 401 });
    expect(await ask(gateway, unknown)).toMatchObject({ status: 401 });
    expect(issuer.requests).toBe(1);
    await gateway.stop();
    await issuer.stop();
  });

  test("are not accepted from a server of another authority", async ({ expect }) => {
    const issuer = await Issuer.start({ ec });
    const gateway = await serve(issuer, new CertificateAuthority().certFile);
    const { status, retryAfter } = await ask(gateway, tokenOf(ec, "ec"));
    expect(status).toBe(503);
    expect(retryAfter).toMatch(/^[1-9]\d*$/);
    const [line] = await gateway.untilLog(/the keys that verify tokens can't be fetched: .*/);
    // Where, what, and what to do.
    expect(line).toMatch(
      /the certificate of https:\/\/localhost:\d+\/keys comes from an issuer that this client doesn't trust/,
    );
    expect(line).toMatch(/give the issuer's certificate as the CA file; /);
    expect(line).toMatch(/; until they are, tokens of their issuer get 503/);
    expect(issuer.requests).toBe(0);
    expect(gateway.log).not.toContain("hunter2");
    await gateway.stop();
    await issuer.stop();
  });

  test.for<[string, RequestListener, RegExp]>([
    ["a page", (_, response) => response.setHeader("Content-Type", "text/html").end("<p>Sign in"), /can't be used/],
    ["an empty set", keySet({}), /can't be used/],
    ["an error", (_, response) => response.writeHead(500).end(), /status 500/],
    ["a way to http", (_, response) => response.writeHead(302, { Location: "http://localhost/" }).end(), /to http/],
    ["twenty megabytes", (_, response) => response.end(Buffer.alloc(20_000_000, " ")), /more than 1048576 bytes/],
    ["a connection that breaks", (request) => request.socket.destroy(), /can't be fetched/],
  ])("are kept while their server answers with %s", async ([, answer, reason], { expect }) => {
    const issuer = await Issuer.start({ ec });
    const gateway = await serve(issuer);
    const open = await EventStream.open(gateway.url(stream), bearer(tokenOf(ec, "ec")));
    const good = issuer.answer;
    issuer.answer = answer;
    gateway.signal("SIGHUP");
    const [line] = await gateway.untilLog(
      /the keys that verify tokens can't be fetched: .*; those that were fetched last stay/,
    );
    expect(line).toMatch(reason);
    expect(await ask(gateway, tokenOf(ec, "ec"))).toMatchObject({ status: 200 });
    // The token's key could not be fetched.
    expect(await ask(gateway, unknown)).toMatchObject({ status: 503 });
    issuer.answer = good;
    await gateway.untilLog(/are fetched again/);
    expect(await ask(gateway, unknown)).toMatchObject({ status: 401 });
    expect(await open.next()).toMatchObject({ type: "connected" });
    open.close();
    expect(gateway.log).not.toMatch(/hunter2|is withdrawn/);
    await gateway.stop();
    await issuer.stop();
  });

  // This takes the half minute within which keys are not fetched twice.
  test("are fetched again for an unknown kid; a stream whose key is gone then ends", async ({ expect }) => {
    const issuer = await Issuer.start({ old: ec });
    const gateway = await serve(issuer);
    const ending = await EventStream.open(gateway.url(stream), bearer(tokenOf(ec, "old")));
    expect(await ending.next()).toMatchObject({ type: "connected" });
    issuer.answer = keySet({ new: rsa });
    const status = async (): Promise<number> => (await ask(gateway, tokenOf(rsa, "new"))).status;
    expect(await status()).toBe(401);
    await expect.poll(status, { timeout: 50_000, interval: 200 }).toBe(200);
    expect(issuer.requests).toBe(2);
    await expect(ending.nextUpdate()).rejects.toThrow("the stream ended");
    expect(await ask(gateway, tokenOf(ec, "old"))).toMatchObject({ status: 401 });
    await gateway.stop();
    await issuer.stop();
  });
});
