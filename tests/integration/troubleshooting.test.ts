// Each trouble of docs/TROUBLESHOOTING.md happens here, and the document's commands have to show what it says.
import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, test } from "vitest";

import { reservedPort } from "../processes/child.ts";
import {
  type DocumentedBlock,
  DocumentedShell,
  documentedBlocks,
  documentedTable,
  readDocument,
} from "../processes/documented_runs.ts";
import { Gateway, type GatewayOptions } from "../processes/gateway.ts";
import { untilHeard, untilSubscribed } from "../processes/heard_history.ts";
import { Mock, shipped } from "../processes/mock.ts";
import { Nginx } from "../processes/nginx.ts";
import { RedisServer } from "../processes/redis.ts";
import { now, TokenKey } from "../processes/tokens.ts";

const document = readDocument("docs/TROUBLESHOOTING.md");
const blocks = documentedBlocks(document);

/** What a situation has running: where commands go, and whose log lines the document shows. */
interface Trouble {
  readonly shell: DocumentedShell;
  readonly gateway?: Gateway;
  /** The gateway follows it. */
  readonly redis?: RedisServer;
}

function at(gateway: Gateway, redisPort?: number, more: Readonly<Record<string, string>> = {}): Trouble {
  const redis = redisPort === undefined ? {} : { "127.0.0.1:6379": `127.0.0.1:${redisPort}` };
  const addresses = { "127.0.0.1:8080": `127.0.0.1:${gateway.port}`, ...redis, ...more };
  return { shell: new DocumentedShell(addresses, redisPort), gateway };
}

async function alone(more: readonly string[] = []): Promise<Trouble> {
  return at(await Gateway.start({ hasDemo: false, more }));
}

async function withRedis(
  options: GatewayOptions = {},
): Promise<Trouble & { readonly gateway: Gateway; readonly redis: RedisServer }> {
  const redis = await RedisServer.start();
  const gateway = await Gateway.start({ hasDemo: false, redis: redis.address, ...options });
  await untilSubscribed(redis, 1);
  return { ...at(gateway, redis.port), gateway, redis };
}

async function publish(gateway: Gateway, message: string): Promise<void> {
  const answer = await fetch(gateway.url("/api/registrations/42/updates"), {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ status: "PENDING", message }),
  });
  expect(answer.status).toBe(201);
}

async function play(scenario: string): Promise<Trouble> {
  expect(document).toContain(`    regstream mock --scenario native/harness/scenarios/${scenario}.json --port 8090\n`);
  const { base } = await Mock.start(shipped(scenario));
  return { shell: new DocumentedShell({ "127.0.0.1:8090": new URL(base).host }) };
}

const troubles: Readonly<Record<string, () => Promise<Trouble>>> = {
  healthy: () => alone(),

  redis_never: async () => {
    const port = await reservedPort();
    return at(await Gateway.start({ hasDemo: false, redis: `127.0.0.1:${port}` }), port);
  },

  redis_back: async () => {
    const port = await reservedPort();
    const gateway = await Gateway.start({ hasDemo: false, redis: `127.0.0.1:${port}` });
    await RedisServer.start({ port });
    await gateway.untilLog(/connected to redis/);
    // Whether it takes writes, too, shows a moment later.
    await expect.poll(async () => (await fetch(gateway.url("/readyz"))).status, { timeout: 30_000 }).toBe(200);
    return at(gateway, port);
  },

  redis_lost: async () => {
    const trouble = await withRedis();
    await trouble.redis.kill();
    return { shell: trouble.shell, gateway: trouble.gateway };
  },

  redis_password: async () => {
    const { address, port } = await RedisServer.start({ password: "a secret" });
    return { shell: new DocumentedShell({ "127.0.0.1:6379": address }, port) };
  },

  nothing_arrives: () => withRedis(),

  deploy: () => play("deploy"),

  client_left: () => alone(["--log-requests"]),

  proxy_buffers: async () => {
    const gateway = await Gateway.start({ hasDemo: false });
    const nginx = await Nginx.start(gateway.port, "proxy_buffering on; proxy_ignore_headers X-Accel-Buffering;");
    return at(gateway, undefined, { "127.0.0.1:8081": `127.0.0.1:${nginx.port}` });
  },

  half_open: () => play("half_open"),

  wrong_path: () => alone(),

  resets: async () => {
    const trouble = await withRedis();
    await publish(trouble.gateway, "so it is");
    return trouble;
  },

  history_lost: async () => {
    const trouble = await withRedis();
    await publish(trouble.gateway, "so it was");
    return { shell: trouble.shell, gateway: trouble.gateway };
  },

  tokens: async () => {
    const key = TokenKey.make("HS256");
    const ops = await reservedPort();
    const gateway = await Gateway.start({
      hasDemo: false,
      more: ["--token-secret", key.file(), "--ops-address", `127.0.0.1:${ops}`],
    });
    const trouble = at(gateway, undefined, { "127.0.0.1:9180": `127.0.0.1:${ops}` });
    const rights = { subscribe: ["registration:43"] };
    writeFileSync(join(trouble.shell.folder, "other"), key.token(rights));
    writeFileSync(join(trouble.shell.folder, "expired"), key.token(rights, { exp: now() - 600 }));
    return trouble;
  },

  no_keys: () => Promise.resolve({ shell: new DocumentedShell({}) }),

  unknown_name: () => alone(),
};

async function produce({ shell, gateway, redis }: Trouble, { commands, logLines }: DocumentedBlock): Promise<void> {
  for (const command of commands) {
    await shell.run(command);
    // The next command may ask the gateway for what this one has published.
    if (gateway !== undefined && redis !== undefined) await untilHeard(gateway, redis);
  }
  for (const line of logLines) {
    if (gateway === undefined) throw new Error(`no gateway has written: ${line}`);
    await gateway.untilLog(new RegExp(shell.patternHere(line)));
  }
}

describe("docs/TROUBLESHOOTING.md", () => {
  const situations = [...new Set(blocks.map(({ situation }) => situation))];

  test("names a situation for each of its blocks, and each of the situations here", () => {
    expect(situations).toEqual(Object.keys(troubles));
    const fences = document.match(/^```(console|log)$/gm);
    expect(blocks).toHaveLength(fences?.length ?? 0);
  });

  test.each(situations)("%s is as the document says", async (situation) => {
    const trouble = await troubles[situation]?.();
    expect(trouble).toBeDefined();
    if (trouble === undefined) return;
    for (const block of blocks.filter((one) => one.situation === situation)) await produce(trouble, block);
  });

  test("explains every cause of a reset that the metric counts", async () => {
    const gateway = await Gateway.start({ hasDemo: false });
    const metrics = await (await fetch(gateway.url("/metrics"))).text();
    const causes = [...metrics.matchAll(/^regstream_stream_resets_total\{.*cause="(\w+)"\}/gm)].map(
      ([, cause]) => cause,
    );
    expect(documentedTable(document, "resets").map(([cause]) => cause)).toEqual(causes.map((cause) => `\`${cause}\``));
  });

  test("a command whose output is another one is found out", async () => {
    const shell = new DocumentedShell({});
    const command = { command: "echo one; echo two", isInterrupted: false };
    await shell.run({ ...command, output: "…\ntwo" });
    await expect(shell.run({ ...command, output: "one\nthree" })).rejects.toThrow(/It wrote:\none\ntwo/);
    await expect(shell.run({ ...command, output: "one" })).rejects.toThrow(/It wrote/);
  });
});
