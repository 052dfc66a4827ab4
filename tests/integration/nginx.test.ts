import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { EventStream, isFinal } from "../processes/event_stream.ts";
import { Gateway } from "../processes/gateway.ts";
import { Nginx } from "../processes/nginx.ts";

describe.each([
  ["an nginx without settings for streams", ""],
  ["an nginx that asks by HTTP/1.1, and so gets chunks", "proxy_http_version 1.1;"],
])("behind %s", (_name, more) => {
  let gateway: Gateway;
  let nginx: Nginx;
  beforeEach(async () => {
    // A look-up that does not answer during the test: an event that arrives first was not held back until a buffer was
    // full.
    gateway = await Gateway.start({
      more: ["--stage-pace-ms", "0", "--t24-fault", "silent", "--job-interval-ms", "3600000"],
    });
    nginx = await Nginx.start(gateway.port, more);
  });
  afterEach(async () => {
    await nginx.stop();
    await gateway.stop("SIGKILL");
  });

  test("events arrive one by one, as they happen", async () => {
    const stream = await EventStream.open(nginx.url("/api/registrations/updates/stream?registrationId=42"));
    expect(await stream.next()).toMatchObject({ type: "connected" });
    expect((await fetch(nginx.url("/api/registrations/42/process"), { method: "POST" })).status).toBe(202);
    const updates = await stream.updatesUntil((update) => update.stage === "t24_lookup");
    expect(updates.map(({ stage, stageStatus }) => [stage, stageStatus])).toEqual([
      ["duplicate_check", "started"],
      ["duplicate_check", "completed"],
      ["t24_lookup", "started"],
    ]);
    expect(updates.some(isFinal)).toBe(false);
  });

  test("the gateway drops a stream that its client leaves", async () => {
    const stream = await EventStream.open(nginx.url("/api/registrations/updates/stream"));
    expect(await stream.next()).toMatchObject({ type: "connected" });
    expect(await gateway.get("/api/health")).toMatchObject({ subscribers: 1 });
    stream.close();
    await expect
      .poll(async () => (await gateway.get<{ subscribers: number }>("/api/health")).subscribers, { timeout: 30_000 })
      .toBe(0);
  });
});

describe("behind an nginx with a named upstream", () => {
  test("the gateway refuses the upstream's name as Host, and accepts the client's", async () => {
    const gateway = await Gateway.start({ more: ["--allow-host", "bank.example", "--open"] });
    const byDefault = await Nginx.start(gateway.port);
    const refused = await fetch(byDefault.url("/upstream/api/health"));
    expect(refused.status).toBe(421);
    expect(await refused.json()).toMatchObject({
      detail: expect.stringMatching(/"gateways".*--allow-host.*proxy/) as string,
    });
    expect((await fetch(byDefault.url("/api/health"))).status).toBe(200);

    const passingHost = await Nginx.start(gateway.port, "proxy_set_header Host $http_host;");
    expect((await fetch(passingHost.url("/upstream/api/health"))).status).toBe(200);
    const post = (origin: string): Promise<Response> =>
      fetch(passingHost.url("/upstream/api/registrations/42/process"), { method: "POST", headers: { Origin: origin } });
    expect((await post("http://evil.example")).status).toBe(403);
    expect((await post(new URL(passingHost.url("/")).origin)).status).toBe(202);
    await Promise.all([byDefault.stop(), passingHost.stop(), gateway.stop("SIGKILL")]);
  });
});
