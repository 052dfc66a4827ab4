// A Redis that answers nonsense, on any connection and at any step. Gateways reconnect, within bounds, and lose
// nothing.
import { readFileSync } from "node:fs";

import { createPublisher } from "regstream/publisher";
import { afterEach, expect, test } from "vitest";

import { Gateway } from "../processes/gateway.ts";
import { HeardStream } from "../processes/heard_stream.ts";
import { type Lie, LyingRedis } from "../processes/lying_redis.ts";
import { RedisServer } from "../processes/redis.ts";

const endings: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

const until = async (isSo: () => Promise<boolean> | boolean): Promise<void> => {
  while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 5));
};

const residentBytes = (pid: number | undefined): number =>
  1024 * Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);

const lies: readonly Lie[] = [
  { what: "a number", bytes: ":1\r\n", then: "truth" },
  { what: "no text", bytes: "$-1\r\n", then: "truth" },
  { what: "an empty array", bytes: "*0\r\n", then: "truth" },
  { what: "no array", bytes: "*-1\r\n", then: "truth" },
  { what: "a status", bytes: "+OK\r\n", then: "truth" },
  { what: "an error that nobody knows", bytes: "-NONSENSE what?\r\n", then: "truth" },
  { what: "an error with control characters", bytes: "-\u001b[2J\u0000\u009b\r\n", then: "truth" },
  {
    what: "invalid ids",
    bytes: "*3\r\n$3\r\n0-x\r\n:1\r\n*3\r\n$20\r\n18446744073709551616\r\n$1\r\nx\r\n$0\r\n\r\n",
    then: "truth",
  },
  {
    what: "a message on a channel that nobody asked for",
    bytes: "*3\r\n$7\r\nmessage\r\n$5\r\nother\r\n$5\r\nhello\r\n",
    then: "truth",
  },
  { what: "another protocol's maps", bytes: "%1\r\n+a\r\n+b\r\n", then: "truth" },
  { what: "bytes", bytes: "\u0000\u00ff\u0001*$:+-\r\n", then: "truth" },
  { what: "two answers too many", bytes: "+OK\r\n+OK\r\n+OK\r\n", then: "truth" },
  { what: "half an answer, and the end", bytes: "*3\r\n$5\r\nab", then: "end" },
  { what: "an array of two thousand million", bytes: "*2147483647\r\n", then: "truth" },
  { what: "arrays in arrays", bytes: "*1\r\n".repeat(100), then: "truth" },
  { what: "a text of an exabyte", bytes: "$999999999999999999\r\n", then: "truth" },
  { what: "a text without an end", bytes: `$33554000\r\n${"x".repeat(60_000)}`, then: "forever" },
  { what: "numbers without an end", bytes: "1234567890".repeat(1_000), then: "forever" },
];
/** The replies from the first PING to the first probe. */
const steps = [0, 1, 2, 3];
const endless = lies.filter(({ then }) => then === "forever").flatMap((lie) => steps.map((step) => ({ lie, step })));

/** Gateways of one Redis, each of which gets another lie; and a publisher that gets the truth. */
async function listen(
  tales: readonly { readonly lie: Lie; readonly step: number }[],
): Promise<readonly (readonly string[])[]> {
  const redis = await RedisServer.start();
  endings.push(() => redis.stop());
  const client = redis.connect();
  endings.push(() => client.disconnect());
  const publisher = createPublisher(client);
  const publish = (message: string): Promise<unknown> =>
    publisher.publish({ registrationId: 42, status: "PENDING", message });
  const all = await Promise.all(
    tales.map(async (tale) => {
      const liar = await LyingRedis.start(redis.port);
      endings.push(() => liar.stop());
      const gateway = await Gateway.start({ redis: liar.address, hasDemo: false });
      endings.push(() => gateway.stop("SIGKILL"));
      await until(async () => (await fetch(gateway.url("/readyz"))).status === 200);
      const stream = await HeardStream.open(gateway.url("/api/registrations/updates/stream"));
      endings.push(() => stream.close());
      return { ...tale, liar, gateway, stream };
    }),
  );
  await publish("before");
  for (const { stream } of all) await stream.until(() => stream.has("before"));

  for (const { liar, lie, step } of all) liar.begin(lie, step);
  await publish("meanwhile");
  await until(() => all.every(({ liar, step }) => liar.liesTold >= (step === 0 ? 3 : 1)));
  for (const { gateway } of all) expect(residentBytes(gateway.pid)).toBeLessThan(256 * 2 ** 20);
  for (const { liar } of all) liar.end();

  for (const { gateway } of all) await until(async () => (await fetch(gateway.url("/readyz"))).status === 200);
  await publish("after");
  for (const { stream, gateway } of all) {
    await stream.until(() => stream.has("after"));
    expect(gateway.log).not.toMatch(/[\u0000-\u0008\u001b\u0080-\u009f]/);
  }
  return all.map(({ stream }) => stream.texts);
}

test.each(steps)("any of them as a connection's piece %i", async (step) => {
  const tales = lies.filter(({ then }) => then !== "forever").map((lie) => ({ lie, step }));
  const heard = await listen(tales);
  expect(heard).toEqual(tales.map(() => ["before", "meanwhile", "after"]));
});

// A lie may hide plain messages of the channel. Then all streams get a reset instead of what came before it.
test("what never ends", async () => {
  for (const texts of await listen(endless)) {
    const seen = texts.map((text) => (text === "reset" ? "meanwhile" : text));
    expect(seen.filter((text, index) => text !== seen[index - 1])).toEqual(["before", "meanwhile", "after"]);
    expect(texts.filter((text) => text === "meanwhile").length).toBeLessThanOrEqual(1);
  }
});
