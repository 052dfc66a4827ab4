// Publishes updates from Node, as a process that validates customers would: `node_publisher.ts HOW HOST:PORT`. HOW is
// ioredis or node-redis (the package's publisher over that client), http (the gateway's route, through nginx) or plain
// (PUBLISH and no more). Or `node_publisher.ts sentinels`: over ioredis, by the sentinels in the environment. Input and
// output are those of update_publisher.cpp, and `gave-up SERIAL AT` if an attempt of http got no answer.

import { Redis } from "ioredis";
import { createClient } from "redis";
import { createPublisher, type Publisher } from "regstream/publisher";

interface Step {
  readonly serial: string;
  readonly update: {
    registrationId: number;
    status?: string;
    stage?: string;
    stageStatus?: "started";
    message: string;
    details?: object;
  };
}

/**
 * After this long without an answer, in milliseconds, a client takes its connection for dead. By default it waits for
 * ever.
 */
const socketTimeout = 2_000;

/** Returns the id, or null if the way of publishing gives none. */
type Publish = (step: Step) => Promise<string | null>;

function readStep(line: string): Step {
  const [, serial = "", registration = "", stage = "", status = "", message = ""] =
    /^(\d+) (\d+) (\S+) (\S+) (.*)$/s.exec(line) ?? [];
  const registrationId = Number(registration);
  // "started" represents any stage status: the publisher checks it.
  const what =
    stage === "-" ? { status, details: { serial: Number(serial) } } : { stage, stageStatus: status as "started" };
  return { serial, update: { registrationId, ...what, message } };
}

function throughPublisher(publisher: Publisher): Publish {
  return async ({ update }) => (await publisher.publish(update)).id;
}

function throughIoredis(host: string, port: number): Publish {
  const client = new Redis({ host, port, retryStrategy: () => 100, socketTimeout });
  client.on("error", () => undefined);
  return throughPublisher(createPublisher(client, { historyLength: 1_000_000 }));
}

/** An update counts as published when REDIS_WAIT_REPLICAS replicas have it. */
function throughSentinels(): Publish {
  const { REDIS_SENTINELS = "", REDIS_MASTER_NAME = "", REDIS_PASSWORD = "", REDIS_WAIT_REPLICAS = "0" } = process.env;
  const sentinels = REDIS_SENTINELS.split(",").map((place) => {
    const [host = "", port = ""] = place.split(":");
    return { host, port: Number(port) };
  });
  const retry = (): number => 100;
  const client = new Redis({
    ...{ sentinels, name: REDIS_MASTER_NAME, password: REDIS_PASSWORD },
    // Longer than WAIT may take.
    ...{ retryStrategy: retry, sentinelRetryStrategy: retry, socketTimeout: 5_000 },
  });
  client.on("error", () => undefined);
  return throughPublisher(
    createPublisher(client, { historyLength: 1_000_000, waitReplicas: Number(REDIS_WAIT_REPLICAS) }),
  );
}

async function throughNodeRedis(host: string, port: number): Promise<Publish> {
  // node-redis counts idle time as silence, too.
  const client = createClient({
    socket: { host, port, reconnectStrategy: 100, socketTimeout },
    pingInterval: socketTimeout / 2,
  });
  client.on("error", () => undefined);
  await client.connect();
  return throughPublisher(createPublisher(client, { historyLength: 1_000_000 }));
}

/** One update at a time, each tried until there is an answer. */
function throughRoute(address: string): Publish {
  let before = Promise.resolve<unknown>(undefined);
  const attempt = async ({ serial, update }: Step): Promise<string | null> => {
    const { registrationId, ...body } = update;
    try {
      const response = await fetch(`http://${address}/api/registrations/${registrationId}/updates`, {
        method: "POST",
        headers: { "Content-Type": "application/json", "Idempotency-Key": `update-${serial}` },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(3_000),
      });
      if (response.status === 201) return ((await response.json()) as { id: string }).id;
      if (response.status < 500) throw new TypeError(`${response.status} ${await response.text()}`);
    } catch (error) {
      if (error instanceof TypeError && error.message !== "fetch failed" && error.message !== "terminated") throw error;
    }
    say("gave-up", serial);
    await new Promise((resolve) => setTimeout(resolve, 100));
    return null;
  };
  return (step) => {
    const published = before.then(async () => {
      for (;;) {
        const id = await attempt(step);
        if (id !== null) return id;
      }
    });
    before = published.catch(() => undefined);
    return published;
  };
}

/** At most once: an update that could not be sent is not sent later. */
function throughPlainPublish(host: string, port: number): Publish {
  const client = new Redis({
    host,
    port,
    retryStrategy: () => 100,
    socketTimeout,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
  });
  client.on("error", () => undefined);
  return async ({ update }) => {
    const { status = "PENDING", ...others } = update;
    const text = JSON.stringify({ status, ...others, timestamp: Date.now() });
    // Such a client silently forgets what it has sent when its connection closes.
    let stopListening = (): void => undefined;
    const closed = new Promise<never>((_, reject) => {
      const onClose = (): void => reject(new Error("the connection closed"));
      client.once("close", onClose);
      stopListening = () => void client.off("close", onClose);
    });
    await Promise.race([client.publish("service:registration-updates", text), closed]).finally(stopListening);
    return null;
  };
}

function say(what: string, serial: string, more = ""): void {
  process.stdout.write(`${what} ${serial} ${Date.now()}${more}\n`);
}

const [how = "", address = ""] = process.argv.slice(2);
const [host = "", port = ""] = address.split(":");
const ways: Readonly<Record<string, () => Publish | Promise<Publish>>> = {
  ioredis: () => throughIoredis(host, Number(port)),
  sentinels: () => throughSentinels(),
  "node-redis": () => throughNodeRedis(host, Number(port)),
  http: () => throughRoute(address),
  plain: () => throughPlainPublish(host, Number(port)),
};
const publish = await ways[how]?.();
if (publish === undefined)
  throw new Error("usage: node_publisher.ts ioredis|node-redis|http|plain HOST:PORT, or sentinels");

const answers: Promise<void>[] = [];
async function publishStep(step: Step, way: Publish): Promise<void> {
  say("called", step.serial);
  try {
    say("acknowledged", step.serial, ` ${(await way(step)) ?? "-"}`);
  } catch (error) {
    say("failed", step.serial, ` ${String(error).replace(/\s+/g, " ")}`);
  }
}

/** An incomplete line. `readline` would split messages at some separators that they contain. */
let rest = "";
process.stdin.setEncoding("utf8");
reading: for await (const chunk of process.stdin) {
  const lines = (rest + String(chunk)).split("\n");
  rest = lines.pop() ?? "";
  for (const line of lines) {
    // The end of the input itself would end vite-node at once.
    if (line === "end") break reading;
    answers.push(publishStep(readStep(line), publish));
  }
}
await Promise.all(answers);
process.exit(0);
