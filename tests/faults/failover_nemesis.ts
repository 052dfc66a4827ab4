import type { RedisServer } from "../processes/redis.ts";
import type { WatchedRedis } from "../processes/redis_sentinel.ts";

interface End {
  /** Its name in the report. */
  readonly name: string;
  begin(redis: WatchedRedis, primary: RedisServer): unknown;
  /** Called once there is another primary. */
  comeBack(redis: WatchedRedis, old: RedisServer): unknown;
}

/** The ways in which a primary ends. */
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

/** Ends a primary and brings the server back as a replica. */
export async function endPrimary(redis: WatchedRedis, kind: EndKind): Promise<void> {
  const { begin, comeBack }: End = ends[kind];
  let old: RedisServer | undefined;
  await redis.failOver((primary) => {
    old = primary;
    return begin(redis, primary);
  });
  if (old !== undefined) await comeBack(redis, old);
}
