// The metrics of refused requests, keys and certificates.
import { X509Certificate } from "node:crypto";
import { copyFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";

import { afterEach, expect, test } from "vitest";

import { CertificateAuthority } from "../processes/certificates.ts";
import { type Family, readExposition, sum } from "../processes/exposition.ts";
import { Gateway } from "../processes/gateway.ts";
import { temporaryFolder } from "../processes/temporary_folder.ts";
import { bearer, now, TokenKey, type Json } from "../processes/tokens.ts";

const stream = "/api/registrations/updates/stream";
const ofReason = "regstream_token_denials_total";

const endings: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

/** Starts a gateway with another port for operators, without tokens; returns a function that reads its metrics. */
async function start(
  options: Parameters<typeof Gateway.start>[0] & { more: readonly string[] },
): Promise<{ gateway: Gateway; scrape: () => Promise<Map<string, Family>> }> {
  const gateway = await Gateway.start({
    hasDemo: false,
    ...options,
    more: [...options.more, "--ops-address", "127.0.0.1:0"],
  });
  endings.push(() => gateway.stop("SIGKILL"));
  const [, ops = ""] = await gateway.untilLog(/operators ask at (http:\/\/127\.0\.0\.1:\d+)/);
  return { gateway, scrape: async () => readExposition(await (await fetch(`${ops}/metrics`)).text()) };
}

/** A server of keys, which answers with `status`. */
class KeyServer {
  status = 200;

  private constructor(
    private readonly key: TokenKey,
    private readonly server = createServer((_, response) => {
      response.writeHead(this.status, { "Content-Type": "application/jwk-set+json" });
      response.end(JSON.stringify({ keys: [this.key.jwk("one")] }));
    }),
  ) {}

  static async start(key: TokenKey): Promise<KeyServer> {
    const server = new KeyServer(key);
    await new Promise<void>((resolve) => server.server.listen(0, "127.0.0.1", resolve));
    endings.push(() => server.server.close());
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/keys`;
  }
}

test("requests with an invalid token are counted by reason", async () => {
  const key = TokenKey.make("ES256");
  const { gateway, scrape } = await start({
    more: ["--token-key", key.file(), "--token-issuer", "issuer", "--token-audience", "bank"],
  });
  const token = (claims: Json, header: Json = {}): string =>
    key.token({ subscribe: ["registration:*"] }, { iss: "issuer", aud: "bank", ...claims }, header);
  const ask = async (query: string, headers: Record<string, string>): Promise<void> => {
    const response = await fetch(gateway.url(stream + query), { headers });
    await response.body?.cancel();
  };
  await ask("", {});
  await ask("?access_token=x", {});
  await ask("", bearer("x.y.z"));
  await ask("", bearer(TokenKey.make("RS256").token({}, {})));
  await ask("", bearer(TokenKey.make("ES256").token({}, {})));
  await ask("", bearer(token({ exp: "x" })));
  await ask("", bearer(token({ exp: now() - 3600 })));
  await ask("", bearer(token({ nbf: now() + 3600 })));
  await ask("", bearer(token({ iss: "other" })));
  await ask("", bearer(token({ aud: "other" })));
  await ask("?ticket=AAAAAAAAAAAAAAAAAAAAAA", {});
  await ask("", bearer(token({})));
  const tickets = await fetch(gateway.url(`${stream}/tickets`), {
    method: "POST",
    headers: bearer(token({ exp: now() - 3600 })),
  });
  expect(tickets.status).toBe(401);

  const counts = (await scrape()).get(ofReason)?.samples.map(({ labels, value }) => [labels["reason"], value]);
  expect(Object.fromEntries(counts ?? [])).toEqual({
    no_token: 1,
    bad_request: 1,
    malformed: 1,
    unknown_key: 1,
    ambiguous_key: 0,
    wrong_algorithm: 0,
    bad_signature: 1,
    invalid_claims: 1,
    expired: 2,
    not_yet_valid: 1,
    wrong_issuer: 1,
    wrong_audience: 1,
    invalid_ticket: 1,
    keys_unavailable: 0,
    tickets_unavailable: 0,
  });
});

test("keys, how old they are, and fetches that fail", async () => {
  const key = TokenKey.make("RS256");
  const keys = await KeyServer.start(key);
  const begun = now();
  const { gateway, scrape } = await start({ more: ["--token-jwks", keys.url] });
  const counts = await fetch(gateway.url(stream), {
    headers: bearer(key.token({ subscribe: ["registration:*"] }, {}, { kid: "one" })),
  });
  await counts.body?.cancel();
  expect(counts.status).toBe(200);
  const before = await scrape();
  expect(sum(before, "regstream_token_keys")).toBe(1);
  expect(sum(before, "regstream_token_key_urls_failing")).toBe(0);
  expect(sum(before, "regstream_token_key_fetch_failures_total")).toBe(0);
  const fetched = sum(before, "regstream_token_keys_fetched_timestamp_seconds");
  expect(fetched).toBeGreaterThanOrEqual(begun - 1);
  expect(fetched).toBeLessThanOrEqual(now() + 1);

  keys.status = 500;
  gateway.signal("SIGHUP");
  await gateway.untilLog(/the keys that verify tokens can't be fetched/);
  const after = await scrape();
  expect(sum(after, "regstream_token_keys")).toBe(1);
  expect(sum(after, "regstream_token_key_urls_failing")).toBe(1);
  expect(sum(after, "regstream_token_key_fetch_failures_total")).toBeGreaterThanOrEqual(1);
  expect(sum(after, "regstream_token_keys_fetched_timestamp_seconds")).toBeCloseTo(fetched, 0);
  // The keys are fetched again after the signal, so this can't fail because of it.
  expect(sum(after, "regstream_reload_failures_total")).toBe(0);
});

test("when the certificate expires, and reloads that failed", async () => {
  const authority = new CertificateAuthority();
  const certificate = authority.issue();
  const keyFile = join(temporaryFolder(), "key");
  copyFileSync(TokenKey.make("ES256").file(), keyFile);
  const { gateway, scrape } = await start({ certificate, more: ["--token-key", keyFile] });
  const expiry = async (): Promise<number> => sum(await scrape(), "regstream_tls_certificate_expiry_timestamp_seconds");
  const failures = async (reason: string): Promise<number> =>
    sum(await scrape(), "regstream_reload_failures_total", { reason });
  const expiryOf = (pem: string): number => Date.parse(new X509Certificate(pem).validTo) / 1000;
  expect(await expiry()).toBe(expiryOf(certificate.cert));
  expect([await failures("certificates"), await failures("keys")]).toEqual([0, 0]);

  const longer = authority.issue({ days: 30 });
  copyFileSync(longer.certFile, certificate.certFile);
  gateway.signal("SIGHUP");
  await gateway.untilLog(/can't reload the certificates/);
  expect(await expiry()).toBe(expiryOf(certificate.cert));
  expect([await failures("certificates"), await failures("keys")]).toEqual([1, 0]);

  copyFileSync(longer.keyFile, certificate.keyFile);
  writeFileSync(keyFile, "");
  gateway.signal("SIGHUP");
  await gateway.untilLog(/can't reload the keys/);
  await gateway.untilLog(/reloaded the certificates/);
  expect(await expiry()).toBe(expiryOf(longer.cert));
  expect([await failures("certificates"), await failures("keys")]).toEqual([1, 1]);
});

test("an open gateway without TLS has only the counts of refusals", async () => {
  const { scrape } = await start({ more: [] });
  const names = [...(await scrape()).keys()].filter((name) => /^regstream_(token|tls|reload)_/.test(name));
  expect(names).toEqual([ofReason, "regstream_token_limit_refusals_total"]);
});
