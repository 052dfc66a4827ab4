import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

import { type RegistrationStreamOptions, RegistrationStream, WorkflowStream } from "regstream";
import { registrationWorkflow } from "regstream/workflow";
import { afterEach, describe, expect, test } from "vitest";

import { Gateway, type GatewayOptions } from "../processes/gateway.ts";

const fast = ["--t24-latency-ms", "0", "--stage-pace-ms", "0", "--job-interval-ms", "3600000"];
const path = "/api/registrations/updates/stream";

describe("the browser package's stream, by fetch, in Node", () => {
  const gateways: Gateway[] = [];
  const streams: { close(): void }[] = [];
  const start = async (options: GatewayOptions = {}): Promise<Gateway> => {
    const gateway = await Gateway.start({ more: fast, ...options });
    gateways.push(gateway);
    return gateway;
  };
  const connect = (options: RegistrationStreamOptions): RegistrationStream => {
    const stream = new RegistrationStream({ transport: "fetch", ...options });
    streams.push(stream);
    stream.connect();
    return stream;
  };
  afterEach(async () => {
    for (const stream of streams.splice(0)) stream.close();
    await Promise.all(gateways.splice(0).map((gateway) => gateway.stop("SIGKILL")));
  });

  test("follows a validation to its end", async () => {
    const gateway = await start();
    const messages: (string | null)[] = [];
    const stream = connect({
      url: gateway.url(path),
      registrationId: 42,
      onUpdate: ({ stage, stageStatus }) => messages.push(`${stage} ${stageStatus}`),
    });
    await until(stream, ({ isConnected }) => isConnected);
    expect((await gateway.validate(42)).status).toBe(202);
    const { registration } = await until(stream, (snapshot) => snapshot.registration?.isFinal === true);
    expect(registration).toMatchObject({ registrationId: 42, status: "APPROVED", details: { accountsFound: 5 } });
    expect(messages.slice(0, 8)).toEqual(
      ["duplicate_check", "t24_lookup", "account_validation", "status_update"].flatMap((stage) => [
        `${stage} started`,
        `${stage} completed`,
      ]),
    );
  });

  test("reconnects by itself after the gateway was killed and restarted", async () => {
    const first = await start();
    const stream = connect({ url: first.url(path), registrationId: 42 });
    await until(stream, ({ isConnected }) => isConnected);
    await first.stop("SIGKILL");
    expect((await until(stream, ({ isConnected }) => !isConnected)).connection).toBe("waiting");

    const second = await start({ port: first.port, database: first.database });
    await until(stream, ({ connections }) => connections === 2);
    expect((await second.validate(42)).status).toBe(202);
    const { registration, error } = await until(stream, (snapshot) => snapshot.registration?.isFinal === true);
    expect([registration?.status, error]).toEqual(["APPROVED", null]);
  });

  test("follows several registrations on one stream, and later others, without a loss", async () => {
    const gateway = await start();
    const [first, second, third] = [41, 42, 43];
    const options = { url: gateway.url(path), transport: "fetch", ids: [first, second] } as const;
    const stream = new WorkflowStream(registrationWorkflow, options);
    streams.push(stream);
    stream.connect();
    await until(stream, ({ isConnected }) => isConnected);
    const losses: string[] = [];
    stream.subscribe(() => {
      const { isConnected, reason } = stream.getSnapshot();
      if (!isConnected) losses.push(reason);
    });
    expect((await gateway.validate(third)).status).toBe(202);
    expect((await gateway.validate(second)).status).toBe(202);
    await until(stream, ({ views }) => views.get(second)?.isFinal === true);
    expect(stream.view(third)).toBeNull();

    const kept = stream.view(second);
    stream.follow([second, third]);
    const { views, connections, resets } = await until(
      stream,
      (snapshot) => snapshot.views.get(third)?.isFinal === true,
    );
    expect(views.get(third)).toMatchObject({ registrationId: third, isFinal: true });
    expect(views.get(second)).toBe(kept);
    expect([connections, resets, losses]).toEqual([1, 0, []]);
  });

  test("ends with the final status and gives the outcome, also if that came before", async () => {
    const gateway = await start();
    const options = { url: gateway.url(path), registrationId: 42, until: "final" } as const;
    const stream = connect(options);
    await until(stream, ({ isConnected }) => isConnected);
    expect((await gateway.validate(42)).status).toBe(202);
    expect(await stream.finished).toMatchObject({
      registrationId: 42,
      status: "APPROVED",
      details: { accountsFound: 5 },
    });
    expect(stream.getSnapshot()).toMatchObject({ connection: "closed", reason: "finished", error: null });
    expect(await connect(options).finished).toMatchObject({ status: "APPROVED", details: { accountsFound: 5 } });
  });

  test("sees why the gateway refuses it, which EventSource would hide", async () => {
    const gateway = await start();
    const stream = connect({ url: gateway.url("/api/nothing/here") });
    const { reason, error } = await until(stream, ({ connection }) => connection === "closed");
    expect(reason).toBe("refused_for_good");
    expect(error?.message).toContain("404");
  });

  test("names a coding that Node's fetch does not undo", async () => {
    // A zstd frame with only a comment in it: ":\n\n" uncompressed (RFC 8878, 3.1.1.2.2).
    const frame = Buffer.from("28b52ffd2003190000" + "3a0a0a", "hex");
    const server = createServer((_request, response) => {
      response.writeHead(200, { "Content-Type": "text/event-stream", "Content-Encoding": "zstd" });
      response.write(frame);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const stream = connect({ url: `http://127.0.0.1:${port}/` });
    const { connection, reason } = await until(stream, ({ connection: now }) => now === "closed" || now === "open");
    // A Node that undoes zstd, as later ones do, reads the stream.
    expect([
      ["closed", "wrong_content_coding"],
      ["open", "accepted"],
    ]).toContainEqual([connection, reason]);
    stream.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
});

/** The first snapshot for which `isAwaited` is true. */
function until<Snapshot>(
  stream: { getSnapshot(): Snapshot; subscribe(listener: () => void): () => void },
  isAwaited: (snapshot: Snapshot) => boolean,
): Promise<Snapshot> {
  return new Promise((resolve) => {
    const unsubscribe = stream.subscribe(look);
    function look(): void {
      if (!isAwaited(stream.getSnapshot())) return;
      unsubscribe();
      resolve(stream.getSnapshot());
    }
    look();
  });
}
