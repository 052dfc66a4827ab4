// The documents of the registration say what the declaration and a running gateway do.
import { readFileSync } from "node:fs";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { DocumentedShell, documentedBlocks, documentedTable, readDocument } from "../processes/documented_runs.ts";
import { EventStream, isFinal } from "../processes/event_stream.ts";
import { Gateway } from "../processes/gateway.ts";
import { untilHeard, untilSubscribed } from "../processes/heard_history.ts";
import { RedisServer } from "../processes/redis.ts";

interface Declaration {
  readonly statuses: readonly { readonly name: string; readonly kind: "open" | "final" | "failed" }[];
  readonly stages: readonly { readonly name: string; readonly title: string }[];
}

const { statuses, stages } = JSON.parse(
  readFileSync(new URL("../../workflows/registration.json", import.meta.url), "utf8"),
) as Declaration;
const code = (name: string): string => `\`${name}\``;
const finality = { open: "no", final: "yes", failed: "yes, failed" };
const fast = ["--stage-pace-ms", "0", "--t24-latency-ms", "0", "--job-interval-ms", "3600000"];

describe("the tables of the workflow", () => {
  const document = readDocument("docs/REGISTRATION_WORKFLOW_SUMMARY.md");
  const outcomes = documentedTable(document, "outcomes");

  test("have the declared statuses and stages, in order", () => {
    expect(documentedTable(document, "statuses").map(([name, isFinalStatus]) => [name, isFinalStatus])).toEqual(
      statuses.map(({ name, kind }) => [code(name), finality[kind]]),
    );
    expect(documentedTable(document, "stages").map(([name, title]) => [name, title])).toEqual(
      stages.map(({ name, title }) => [code(name), title]),
    );
  });

  test("and so has the quick reference", () => {
    const reference = readDocument("docs/REGISTRATION_QUICK_REFERENCE.md");
    const listed = (names: readonly { readonly name: string }[]): string =>
      names.map(({ name }) => code(name)).join(", ");
    expect(reference).toContain(`<!-- list: statuses -->\n${listed(statuses)}\n`);
    expect(reference).toContain(`<!-- list: stages -->\n${listed(stages)}\n`);
  });

  let gateway: Gateway;
  beforeAll(async () => {
    gateway = await Gateway.start({ more: fast });
  });
  afterAll(() => gateway.stop("SIGKILL"));

  test("show every status by which a validation ends", () => {
    const ends = new Set(outcomes.map((row) => row[6]));
    expect(ends).toEqual(new Set(statuses.filter(({ kind }) => kind !== "open").map(({ name }) => code(name))));
  });

  test.each(outcomes)("request %s: %s", async (request, _why, ...cells) => {
    const stream = await EventStream.open(gateway.url(`/api/registrations/updates/stream?registrationId=${request}`));
    expect((await gateway.validate(request ?? "")).status).toBe(202);
    const updates = await stream.updatesUntil(isFinal);
    stream.close();
    const signs: Readonly<Record<string, string>> = { completed: "✓", failed: "✗", skipped: "–" };
    const ends = stages.map(({ name }) => updates.findLast(({ stage }) => stage === name)?.stageStatus ?? "");
    const last = updates.at(-1);
    expect([
      ...ends.map((end) => signs[end]),
      code(last?.status ?? ""),
      last?.message,
      code(JSON.stringify(last?.details)),
    ]).toEqual(cells);
    expect(updates.length).toBeGreaterThanOrEqual(7);
    expect(updates.length).toBeLessThanOrEqual(9);
    expect(updates.slice(0, -1).every(({ status }) => status === "PENDING")).toBe(true);
  });
});

/** What is there when a document's commands run. */
interface Situation {
  readonly gateway: Gateway;
  readonly redis?: RedisServer;
}

async function withRedis(gateways = 1): Promise<Situation> {
  const redis = await RedisServer.start();
  for (let more = 1; more < gateways; ++more) await Gateway.start({ hasDemo: false, redis: redis.address });
  const gateway = await Gateway.start({ hasDemo: false, redis: redis.address });
  await untilSubscribed(redis, gateways);
  return { gateway, redis };
}

const documents: Readonly<Record<string, Readonly<Record<string, () => Promise<Situation>>>>> = {
  "docs/REGISTRATION_REALTIME_UPDATES.md": {
    channel: () => withRedis(),
    // With its pauses: the stream opens while the validation runs.
    stream: async () => ({ gateway: await Gateway.start() }),
  },
  "docs/REGISTRATION_DUPLICATE_HANDLING.md": {
    duplicate_customer: async () => ({ gateway: await Gateway.start({ more: fast }) }),
    // The first validation still waits for core banking when the second operator asks.
    two_operators: async () => ({ gateway: await Gateway.start({ more: ["--t24-latency-ms", "600000"] }) }),
    keys: () => withRedis(),
    http_key: async () => ({ gateway: await Gateway.start({ hasDemo: false }) }),
    adopted_once: () => withRedis(2),
  },
  "docs/REGISTRATION_QUICK_REFERENCE.md": {
    quick: () => withRedis(),
  },
};

describe.each(Object.entries(documents))("%s", (path, situations) => {
  const blocks = documentedBlocks(readDocument(path));

  test("has a situation here for each of its blocks", () => {
    expect([...new Set(blocks.map(({ situation }) => situation))]).toEqual(Object.keys(situations));
    expect(blocks).toHaveLength(readDocument(path).match(/^```console$/gm)?.length ?? 0);
  });

  test.each(Object.entries(situations))("%s is as the document says", async (name, start) => {
    const { gateway, redis } = await start();
    const addresses = {
      "127.0.0.1:8080": `127.0.0.1:${gateway.port}`,
      ...(redis === undefined ? {} : { "127.0.0.1:6379": redis.address }),
    };
    const shell = new DocumentedShell(addresses, redis?.port);
    for (const { commands } of blocks.filter(({ situation }) => situation === name)) {
      for (const command of commands) {
        await shell.run(command);
        if (redis !== undefined) await untilHeard(gateway, redis);
      }
      // A bare message enters the history a moment after its PUBLISH.
      if (redis !== undefined) await untilHeard(gateway, redis, 1);
    }
  });
});
