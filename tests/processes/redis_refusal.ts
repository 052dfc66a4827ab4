import type { Redis } from "ioredis";

import type { RedisServer } from "./redis.ts";

/** The errors that a single real Redis can be made to answer every write with. */
export const refusals = ["BUSY", "MASTERDOWN", "MISCONF", "NOREPLICAS", "OOM", "READONLY"] as const;
export type Refusal = (typeof refusals)[number];

/** Makes Redis refuse writes, though it answers, until the returned function is called. */
export async function refuseWrites(server: RedisServer, refusal: Refusal): Promise<() => Promise<void>> {
  const operator = server.connect();
  const end = await begin(server, operator, refusal);
  return async () => {
    await end();
    operator.disconnect();
  };
}

async function begin(server: RedisServer, operator: Redis, refusal: Refusal): Promise<() => Promise<unknown>> {
  const set = (name: string, value: string): Promise<unknown> => operator.config("SET", name, value);
  switch (refusal) {
    case "BUSY": {
      await set("lua-time-limit", "1");
      const busy = server.connect();
      const ended = busy.eval("while true do end", 0).catch(() => undefined);
      while (
        await operator.ping().then(
          () => true,
          () => false,
        )
      )
        await nextTurn();
      return async () => {
        await operator.script("KILL");
        await ended;
        busy.disconnect();
      };
    }
    case "MISCONF":
      server.breakDisk();
      await set("save", "3600 1");
      await operator.bgsave();
      while (!(await operator.info("persistence")).includes("rdb_last_bgsave_status:err")) await nextTurn();
      return () => {
        server.mendDisk();
        return set("save", "");
      };
    case "NOREPLICAS":
      await set("min-replicas-to-write", "1");
      return () => set("min-replicas-to-write", "0");
    case "OOM":
      await set("maxmemory", "1");
      return () => set("maxmemory", "0");
    case "MASTERDOWN":
    case "READONLY":
      await set("replica-serve-stale-data", refusal === "READONLY" ? "yes" : "no");
      await operator.replicaof("127.0.0.1", "1"); // Nothing listens there.
      return () => operator.replicaof("NO", "ONE");
  }
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
