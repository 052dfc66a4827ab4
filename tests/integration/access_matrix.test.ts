import { readFileSync } from "node:fs";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { EventStream } from "../processes/event_stream.ts";
import { Gateway } from "../processes/gateway.ts";
import { bearer, TokenKey, type Rights } from "../processes/tokens.ts";

// Who can do what with which token. The table is both documentation and test.

const key = TokenKey.make("ES256");
const stream = "/api/registrations/updates/stream";
const json = { "Content-Type": "application/json" };

const tokens: Readonly<Record<string, Rights | undefined>> = {
  "no token": undefined,
  "subscribe 42": { subscribe: ["registration:42"] },
  "subscribe all": { subscribe: ["registration:*"] },
  "publish 42": { publish: ["registration:42"] },
  "publish all": { publish: ["registration:*"] },
  inspect: { inspect: true },
  "another workflow": { subscribe: ["csv-import:*"], publish: ["csv-import:*"] },
};

interface Asked {
  readonly path: string;
  readonly init?: RequestInit;
}
const publish = (id: number): Asked => ({
  path: `/api/registrations/${id}/updates`,
  init: { method: "POST", headers: json, body: JSON.stringify({ stage: "t24_lookup", message: "Looking up" }) },
});
const validate = (id: number): Asked => ({ path: `/api/registrations/${id}/process`, init: { method: "POST" } });
const application = {
  customerName: "Liya",
  customerNumber: "1000999003",
  phone: "+251",
  branch: "Bole",
  nationalId: "ID-1",
};
const requests: Readonly<Record<string, readonly Asked[]>> = {
  "stream of 42": [{ path: `${stream}?registrationId=42` }],
  "stream of 43": [{ path: `${stream}?registrationId=43` }],
  "stream of 999999": [{ path: `${stream}?registrationId=999999` }],
  "stream of 42 and 43": [{ path: `${stream}?registrationId=42&registrationId=43` }],
  "stream of all": [{ path: stream }],
  "ticket for a stream": [{ path: `${stream}/tickets`, init: { method: "POST" } }],
  "publish an update of 42": [publish(42)],
  "publish an update of 43": [publish(43)],
  "publish an update of 999999": [publish(999_999)],
  "list registrations": [{ path: "/api/registrations" }],
  "read registration 42": [{ path: "/api/registrations/42" }],
  "read registration 43": [{ path: "/api/registrations/43" }],
  "read registration 999999": [{ path: "/api/registrations/999999" }],
  "validate registration 42": [validate(42)],
  "validate registration 43": [validate(43)],
  "validate registration 999999": [validate(999_999)],
  "add a registration": [
    { path: "/api/registrations", init: { method: "POST", headers: json, body: JSON.stringify(application) } },
  ],
  "`/api/health`, `/metrics`": [{ path: "/api/health" }, { path: "/metrics" }],
  "`/livez`, `/readyz`, the page's files": [{ path: "/livez" }, { path: "/readyz" }, { path: "/" }],
};

const document = readFileSync(new URL("../../docs/access.md", import.meta.url), "utf8");
const rows = (/<!-- matrix -->\n([^]*)<!-- \/matrix -->/.exec(document)?.[1] ?? "")
  .trim()
  .split("\n")
  .map((line) =>
    line
      .slice(1, -1)
      .split("|")
      .map((cell) => cell.trim()),
  );
const [header = [], , ...body] = rows;
const cells = body.flatMap(([request = "", ...results]) =>
  results.map((result, column): [string, string, string] => [request, header[column + 1] ?? "", result]),
);

test("the table has each request and each token once", () => {
  expect(header.slice(1)).toEqual(Object.keys(tokens));
  expect(body.map(([request]) => request)).toEqual(Object.keys(requests));
  expect(cells).toHaveLength(Object.keys(tokens).length * Object.keys(requests).length);
});

describe("who can do what", () => {
  let gateway: Gateway;
  const all = bearer(key.token({ subscribe: ["registration:*"], publish: ["registration:*"] }));

  beforeAll(async () => {
    gateway = await Gateway.start({
      more: [
        "--token-key",
        key.file(),
        "--stage-pace-ms",
        "0",
        "--t24-latency-ms",
        "0",
        "--job-interval-ms",
        "3600000",
      ],
    });
  });
  afterAll(async () => {
    await gateway.stop();
  });

  /** The ids that a list or a stream of all shows. */
  const shown = async (path: string, headers: Record<string, string>): Promise<number[]> => {
    if (path === "/api/registrations") {
      const list = (await (await fetch(gateway.url(path), { headers })).json()) as { registrations: { id: number }[] };
      return list.registrations.map(({ id }) => id);
    }
    const events = await EventStream.open(gateway.url(path), headers);
    expect(await events.next()).toMatchObject({ type: "connected" });
    for (const id of [43, 42]) {
      const { path: updates, init } = publish(id);
      await fetch(gateway.url(updates), { ...init, headers: { ...json, ...all } });
    }
    const updates = await events.updatesUntil(({ registrationId }) => registrationId === 42);
    events.close();
    return updates.map(({ registrationId }) => registrationId);
  };

  test.each(cells)("%s, %s: %s", async (request, token, result) => {
    const rights = tokens[token];
    const headers: Record<string, string> = rights === undefined ? {} : bearer(key.token(rights));
    const [status, extent] = result.split(", of ");
    for (const { path, init } of requests[request] ?? []) {
      const response = await fetch(gateway.url(path), {
        ...init,
        headers: { ...(init?.headers as Record<string, string> | undefined), ...headers },
      });
      expect(response.status).toBe(Number(status));
      const challenge = response.headers.get("WWW-Authenticate");
      if (status === "401") expect(challenge).toBe('Bearer realm="regstream"');
      else if (status === "403")
        expect(challenge).toMatch(/^Bearer realm="regstream", error="insufficient_scope", error_description="[^"]+"$/);
      else expect(challenge).toBeNull();
      await response.body?.cancel();
      if (status === "202") {
        const isRunning = async (): Promise<boolean> =>
          (
            (await (await fetch(gateway.url(path.replace("/process", "")), { headers: all })).json()) as {
              validating: boolean;
            }
          ).validating;
        await expect.poll(isRunning).toBe(false);
      }
      if (extent === "42") expect([...new Set(await shown(path, headers))]).toEqual([42]);
      if (extent === "all") expect(await shown(path, headers)).toEqual(expect.arrayContaining([42, 43]));
    }
  });

  test("an id outside the rights gets the same answer whether it exists or not", async () => {
    const headers = bearer(key.token(tokens["subscribe 42"] ?? {}));
    const answer = async (path: string, init: RequestInit = {}): Promise<string> => {
      const response = await fetch(gateway.url(path), { ...init, headers });
      return JSON.stringify([response.status, [...response.headers], await response.text()]);
    };
    expect(await answer(`${stream}?registrationId=43`)).toBe(await answer(`${stream}?registrationId=999999`));
    expect(await answer("/api/registrations/43")).toBe(await answer("/api/registrations/999999"));
    const post = { method: "POST" };
    expect(await answer("/api/registrations/43/process", post)).toBe(
      await answer("/api/registrations/999999/process", post),
    );
  });

  test("a gateway that is not ready doesn't say why", async () => {
    const away = await Gateway.start({ hasDemo: false, redis: "127.0.0.1:1", more: ["--token-key", key.file()] });
    const answer = await fetch(away.url("/readyz"));
    expect(answer.status).toBe(503);
    expect(await answer.json()).toMatchObject({ detail: "The gateway is not ready." });
    await away.stop();
  });
});
