import { channel, type RedisServer } from "../processes/redis.ts";
import { benchProgram } from "./bench_program.ts";
import type { Contender } from "./measured_server.ts";

/**
 * A plain epoll loop that keeps nothing (plain_fan_out.cpp): the floor of any server that streams what is published in
 * Redis.
 */
export const floor: Contender = {
  name: "a plain epoll loop",
  command: (redis: RedisServer) => [benchProgram("plain_fan_out"), String(redis.port), channel],
  prepare: () => Promise.resolve(),
  publish: (pipeline, message) => void pipeline.publish(channel, message),
};
