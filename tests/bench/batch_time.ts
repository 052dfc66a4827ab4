/**
 * How long one call of the script keeps Redis busy, and what another client notices: batches at the publishers' limits
 * in a full history, and a single large update, with five calls in flight, beside the round trip of another client's
 * PING.
 */
import type { Redis } from "ioredis";

import { historyScriptDigest } from "../../wasm/src/generated/history_script.ts";
import { Child } from "../processes/child.ts";
import { RedisServer } from "../processes/redis.ts";
import { removeTemporaryFolders } from "../processes/temporary_folder.ts";
import { quantile } from "./quantile.ts";
import { batchCall, loadHistoryScript, updateOf } from "./updates.ts";
import { type Bar, record } from "./figures.ts";

const callsAtOnce = 5;
const warmUpUpdates = 12_000;

interface Shape {
  readonly name: string;
  readonly count: number;
  readonly message: string;
  readonly hasKeys?: boolean;
  readonly calls: number;
}

/** An update whose message has about so many bytes. */
const sized = (bytes: number): string =>
  JSON.stringify({ registrationId: 42, status: "PENDING", message: "x".repeat(bytes - 60) });

const shapes: readonly Shape[] = [
  { name: "1 small update", count: 1, message: updateOf(42), calls: 4000 },
  { name: "8 small updates", count: 8, message: updateOf(42), calls: 2000 },
  { name: "32 small updates", count: 32, message: updateOf(42), calls: 1000 },
  { name: "128 small updates", count: 128, message: updateOf(42), calls: 500 },
  { name: "128 small updates with keys", count: 128, message: updateOf(42), hasKeys: true, calls: 200 },
  { name: "128 updates of 512 bytes", count: 128, message: sized(512), calls: 300 },
  { name: "16 updates of 4 KiB", count: 16, message: sized(4096), calls: 300 },
  { name: "1 update of 64 KiB", count: 1, message: sized(65_536), calls: 300 },
  { name: "1 update of 1 MiB", count: 1, message: sized(2 ** 20 - 256), calls: 50 },
];

/** Measures round trips of another client until it is stopped. */
async function ping(client: Redis, isOver: () => boolean): Promise<number[]> {
  const took: number[] = [];
  while (!isOver()) {
    const began = performance.now();
    await client.ping();
    took.push(performance.now() - began);
  }
  return took;
}

let sequence = 1;
let keys = 0;

async function send(client: Redis, { count, message, hasKeys }: Shape): Promise<unknown> {
  const updates = Array.from({ length: count }, () => ({ message, key: hasKeys ? `bench-${(keys += 1)}` : null }));
  const call = batchCall("bench", sequence, updates);
  sequence += count;
  return client.evalsha(historyScriptDigest, call.keys.length, ...call.keys, ...call.args);
}

async function measure(client: Redis, other: Redis, shape: Shape): Promise<Bar> {
  let isOver = false;
  await client.config("RESETSTAT");
  const pings = ping(other, () => isOver);
  for (let calls = 0; calls < shape.calls; calls += callsAtOnce) {
    await Promise.all(Array.from({ length: callsAtOnce }, () => send(client, shape)));
  }
  isOver = true;
  const took = await pings;
  const mean = Number(/cmdstat_evalsha:.*usec_per_call=([\d.]+)/.exec(await client.info("commandstats"))?.[1]) / 1000;
  const [, p99, most] =
    /percentiles_usec_evalsha:p99=([\d.]+),p100=([\d.]+)/.exec(await client.info("latencystats")) ?? [];
  const milliseconds = (value: number): string => value.toFixed(3).padStart(8);
  console.log(
    `  ${shape.name.padEnd(28)} mean ${milliseconds(mean)}  p99 ${milliseconds(Number(p99) / 1000)}` +
      `  most ${milliseconds(Number(most) / 1000)} ms;` +
      `  an update ${((mean * 1000) / shape.count).toFixed(1).padStart(7)} us;` +
      `  PING p50 ${milliseconds(quantile(took, 0.5))}  p99 ${milliseconds(quantile(took, 0.99))}` +
      `  most ${milliseconds(Math.max(...took))} ms`,
  );
  return { name: shape.name, value: mean, text: `${mean.toFixed(3)} ms` };
}

try {
  console.log(`one call of the script, ${callsAtOnce} on their way, and another client's PING meanwhile`);
  const redis = await RedisServer.start();
  const client = redis.connect();
  const other = redis.connect();
  await loadHistoryScript(client);
  await client.config("SET", "latency-tracking-info-percentiles", "99 100");
  for (let sent = 0; sent < warmUpUpdates; sent += 128)
    await send(client, { name: "", count: 128, message: updateOf(42), calls: 1 });
  const bars: Bar[] = [];
  for (const shape of shapes) bars.push(await measure(client, other, shape));
  record({
    group: `${callsAtOnce} calls on their way`,
    what: "one call of the script keeps Redis busy for",
    better: "less",
    bars,
  });
  client.disconnect();
  other.disconnect();
  await redis.stop();
} finally {
  await Child.stopAll();
  removeTemporaryFolders();
}
