import type { RedisServer } from "../processes/redis.ts";
import type { WatchedRedis } from "../processes/redis_sentinel.ts";

interface End {
  /** What it is called in the report. */
  readonly name: string;
  begin(redis: WatchedRedis, primary: RedisServer): unknown;
  /** Once there is another primary. */
  comeBack(redis: WatchedRedis, old: RedisServer): unknown;
}

/** What becomes of a primary. */
export const ends = {
  killed: {
    name: "killed (SIGKILL), started again with its data",
    begin: (_, primary) => primary.kill(),
    comeBack: (_, old) => old.restart(),
  },
  paused: {
    name: "paused (SIGSTOP), resumed",
    begin: (_, primary) => primary.pause(),
    comeBack: (_, old) => old.resume(),
  },
  cutOff: {
    name: "cut off from replicas and sentinels only, reconnected",
    begin: (redis, primary) => redis.cutOff(primary),
    comeBack: (redis, old) => redis.reconnect(old),
  },
  handsOver: {
    name: "replaced as planned",
    begin: (redis) => redis.handOver(),
    comeBack: () => undefined,
  },
} as const satisfies Readonly<Record<string, End>>;

export type EndKind = keyof typeof ends;

/** Ends the primary's time as one, and brings it back as what it is made then. */
export async function endPrimary(redis: WatchedRedis, kind: EndKind): Promise<void> {
  const { begin, comeBack }: End = ends[kind];
  let old: RedisServer | undefined;
  await redis.failOver((primary) => {
    old = primary;
    return begin(redis, primary);
  });
  if (old !== undefined) await comeBack(redis, old);
}
