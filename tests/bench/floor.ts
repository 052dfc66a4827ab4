import { channel, type RedisServer } from "../processes/redis.ts";
import { benchProgram } from "./bench_program.ts";
import type { Contender } from "./measured_server.ts";

/** A plain loop on epoll (plain_fan_out.cpp), which remembers nothing: the floor of any server that streams what is published in Redis. */
export const floor: Contender = {
  name: "a plain epoll loop",
  command: (redis: RedisServer) => [benchProgram("plain_fan_out"), String(redis.port), channel],
  prepare: () => Promise.resolve(),
  publish: (pipeline, message) => void pipeline.publish(channel, message),
};
