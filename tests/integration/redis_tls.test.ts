import { copyFileSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";

import { afterEach, describe, expect, test } from "vitest";

import { type Certificate, CertificateAuthority } from "../processes/certificates.ts";
import { EventStream } from "../processes/event_stream.ts";
import { Gateway, regstream } from "../processes/gateway.ts";
import { channel, RedisServer, type RedisTls } from "../processes/redis.ts";

const authority = new CertificateAuthority();
const stranger = new CertificateAuthority();
const update = ["--registration", "42", "--stage", "t24_lookup", "--status", "completed", "--message", "by TLS"];

const endings: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

async function startRedis(tls: Partial<RedisTls> = {}, password?: string): Promise<RedisServer> {
  const redis = await RedisServer.start({
    tls: { certificate: authority.issue(), caFile: authority.certFile, ...tls },
    ...(password === undefined ? {} : { password }),
  });
  endings.push(() => redis.stop());
  return redis;
}

/** The output and exit code of `publish` in that environment. */
async function publish(
  environment: NodeJS.ProcessEnv,
  ...more: string[]
): Promise<{ code: number | null; said: string }> {
  const child = regstream(["publish", "stage", ...update, ...more], environment);
  return { code: await child.exited, said: child.log };
}

const published = { code: 0, said: expect.stringMatching(/^published \d+-\d+$/m) as string };
const refused = (sentence: RegExp): unknown => ({ code: 1, said: expect.stringMatching(sentence) as string });

const clientFiles = ({ certFile, keyFile }: Certificate): NodeJS.ProcessEnv => ({
  REDIS_CERT_FILE: certFile,
  REDIS_KEY_FILE: keyFile,
});

describe("Redis over TLS", () => {
  test("carries subscriptions and publishes, by REDIS_URL", async () => {
    const redis = await startRedis({}, "correct horse");
    const environment = {
      REDIS_URL: `rediss://:correct%20horse@localhost:${redis.port}/0`,
      REDIS_CA_FILE: authority.certFile,
    };
    const gateway = await Gateway.start({ hasDemo: false, environment });
    endings.push(() => gateway.stop());
    const stream = await EventStream.open(gateway.url("/api/registrations/updates/stream?registrationId=42"));
    endings.push(() => stream.close());
    await stream.next();
    expect(await publish(environment)).toEqual(published);
    expect(await stream.nextUpdate()).toMatchObject({ message: "by TLS" });
    const client = redis.connect();
    await client.publish(channel, '{"registrationId":42,"status":"PENDING","message":"bare"}');
    client.disconnect();
    expect(await stream.nextUpdate()).toMatchObject({ message: "bare" });
    const posted = await fetch(gateway.url("/api/registrations/42/updates"), {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ stage: "t24_lookup", message: "x".repeat(500_000) }),
    });
    expect(posted.status).toBe(201);
    expect((await stream.nextUpdate()).message).toHaveLength(500_000);
    expect(gateway.log).not.toMatch(/correct/);
  });

  test("can be set by an option, by REDIS_TLS or in the file", async () => {
    const redis = await startRedis();
    const address = `127.0.0.1:${redis.port}`;
    const files = ["--redis-ca-file", authority.certFile];
    expect(await publish({}, "--redis", `rediss://${address}`, ...files)).toEqual(published);
    expect(await publish({ REDIS_TLS: "true", REDIS_CA_FILE: authority.certFile }, "--redis", address)).toEqual(
      published,
    );
    expect(await publish({ REDIS_HOST: "127.0.0.1", REDIS_PORT: String(redis.port) }, "--redis-tls", ...files)).toEqual(
      published,
    );
  });

  test("checks the certificate's issuer", async () => {
    const redis = await startRedis();
    const untrusted = refused(
      /is by an issuer that is not trusted here \(.*\): give the issuer's certificate as REDIS_CA_FILE/,
    );
    const url = { REDIS_URL: `rediss://localhost:${redis.port}` };
    expect(await publish({ ...url, REDIS_CA_FILE: stranger.certFile })).toEqual(untrusted);
    expect(await publish(url)).toEqual(untrusted);
  });

  test("checks the certificate's name", async () => {
    const redis = await startRedis({ certificate: authority.issue({ names: "DNS:redis.bank.example" }) });
    const environment = { REDIS_URL: `rediss://127.0.0.1:${redis.port}`, REDIS_CA_FILE: authority.certFile };
    expect(await publish(environment)).toEqual(refused(/is for another name: .*REDIS_SERVER_NAME/));
    expect(await publish({ ...environment, REDIS_SERVER_NAME: "localhost" })).toEqual(refused(/is for another name/));
    expect(await publish({ ...environment, REDIS_SERVER_NAME: "redis.bank.example" })).toEqual(published);
  });

  test("checks the certificate's validity period", async () => {
    const redis = await startRedis({ certificate: authority.issue({ days: -1 }) });
    expect(await publish({ REDIS_URL: `rediss://localhost:${redis.port}`, REDIS_CA_FILE: authority.certFile })).toEqual(
      refused(/has expired: give it a new one/),
    );
  });

  test("shows a client certificate if the server asks for one", async () => {
    const redis = await startRedis({ client: authority.issue() });
    const environment = { REDIS_URL: `rediss://localhost:${redis.port}`, REDIS_CA_FILE: authority.certFile };
    expect(await publish({ ...environment, ...clientFiles(authority.issue()) })).toEqual(published);
    expect(await publish(environment)).toEqual(
      refused(/wants a client's certificate \(.*\): give REDIS_CERT_FILE and REDIS_KEY_FILE/),
    );
    const unwelcome = refused(
      /does not accept this client's certificate \(.*\): REDIS_CERT_FILE has to be valid now, and by an issuer/,
    );
    expect(await publish({ ...environment, ...clientFiles(stranger.issue()) })).toEqual(unwelcome);
    expect(await publish({ ...environment, ...clientFiles(authority.issue({ days: -1 })) })).toEqual(unwelcome);
  });

  test("reports an invalid file by name", async () => {
    const redis = await startRedis();
    const environment = { REDIS_URL: `rediss://localhost:${redis.port}`, REDIS_CA_FILE: authority.certFile };
    const { certFile, keyFile } = authority.issue();
    expect(await publish({ ...environment, REDIS_CA_FILE: keyFile })).toEqual(
      refused(/the CA file ".*" can't be read as certificates in PEM/),
    );
    expect(
      await publish({ ...environment, REDIS_CERT_FILE: certFile, REDIS_KEY_FILE: authority.issue().keyFile }),
    ).toEqual(refused(/the key ".*" does not belong to the certificate/));
    expect(await publish({ ...environment, REDIS_CERT_FILE: certFile, REDIS_KEY_FILE: "/nowhere.key" })).toEqual(
      refused(/the key "\/nowhere.key" can't be read/),
    );
  });

  test("reports a TLS server that is addressed in the clear", async () => {
    const redis = await startRedis();
    expect(await publish({ REDIS_URL: `redis://localhost:${redis.port}` })).toEqual(
      refused(/TLS there.* write rediss:\/\//),
    );
  });

  test("reports a plain Redis that is addressed by TLS", async () => {
    const redis = await RedisServer.start();
    endings.push(() => redis.stop());
    expect(await publish({ REDIS_URL: `rediss://localhost:${redis.port}` })).toEqual(
      refused(/: (?:if it has no TLS on that port, )?write redis:\/\/ instead of rediss:\/\//),
    );
  });

  test("reports another protocol at once", async () => {
    const server = createServer((socket) => socket.end("-ERR unknown command\r\n"));
    endings.push(() => server.close());
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    expect(await publish({ REDIS_URL: `rediss://localhost:${(server.address() as AddressInfo).port}` })).toEqual(
      refused(/does not speak TLS there: write redis:\/\//),
    );
  });

  test("continues with new certificates, and with the old ones if the new ones are invalid", async () => {
    const redis = await startRedis({ client: authority.issue() });
    const files = authority.issue();
    const gateway = await Gateway.start({
      hasDemo: false,
      environment: {
        REDIS_URL: `rediss://localhost:${redis.port}`,
        REDIS_CA_FILE: authority.certFile,
        ...clientFiles(files),
      },
    });
    endings.push(() => gateway.stop());
    const operator = redis.connect();
    endings.push(() => operator.disconnect());
    const ids = async (): Promise<number[]> =>
      [...String(await operator.client("LIST")).matchAll(/^id=(\d+)/gm)].map((match) => Number(match[1]));
    /** Waits until the gateway is connected again, with its three connections. */
    const reconnect = async (): Promise<void> => {
      const last = Math.max(...(await ids()));
      await operator.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
      await operator.call("CLIENT", "KILL", "TYPE", "pubsub");
      while ((await ids()).filter((id) => id > last).length < 3);
    };

    const renewed = authority.issue();
    copyFileSync(renewed.certFile, files.certFile);
    await reconnect();
    await gateway.untilLog(
      /the certificates for redis stay as they were: the key ".*" does not belong to the certificate/,
    );
    copyFileSync(renewed.keyFile, files.keyFile);
    await reconnect();
    await gateway.untilLog(/the certificates for redis were read anew/);
    writeFileSync(files.certFile, "nothing");
    await reconnect();
  });

  test("stops a gateway's start with one line if only a person can mend it", async () => {
    const redis = await startRedis();
    const child = regstream(["serve", "--port", "0"], { REDIS_URL: `rediss://:s3cret@localhost:${redis.port}` });
    expect(await child.exited).toBe(1);
    expect(child.log.trim().split("\n")).toEqual([expect.stringMatching(/not trusted here/)]);
    expect(child.log).not.toMatch(/s3cret/);
  });
});
