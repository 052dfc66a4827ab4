import { EventEmitter } from "node:events";

import { historyScriptDigest } from "../../src/generated/history_script.js";
import type { IoredisLike } from "../../src/publisher/ioredis_runner.js";
import type { NodeRedisLike } from "../../src/publisher/node_redis_runner.js";
import type { RedisClient } from "../../src/publisher/redis_client.js";
import { FakeScript } from "./fake_script.js";

/** One call of the script, which the test answers. */
export interface Call {
  /** "digest", or the script's text. */
  readonly by: string;
  readonly keys: readonly string[];
  readonly args: readonly string[];
  /** Runs the script and answers with its result. */
  accept(): void;
  /** Runs the script, but the connection breaks before the answer. */
  acceptSilently(error?: Error): void;
  fail(error: unknown): void;
  answer(reply: unknown): void;
}

/**
 * The part of Redis that a publisher sees. Clients of both kinds have this form; they emit "ready" as the real ones do.
 */
export class FakeRedis extends EventEmitter {
  readonly script = new FakeScript();
  readonly calls: Call[] = [];
  isReady = true;

  get last(): Call {
    const call = this.calls.at(-1);
    if (call === undefined) {
      throw new Error("Nothing was called");
    }
    return call;
  }

  /** The messages of the updates in the history. */
  get messages(): unknown[] {
    return this.script.history.map((text) => (JSON.parse(text) as { message: unknown }).message);
  }

  connect(): void {
    this.isReady = true;
    this.emit("ready");
  }

  call(by: string, keys: readonly string[], args: readonly string[]): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.calls.push({
        by: by === historyScriptDigest ? "digest" : by,
        keys,
        args,
        accept: () => {
          try {
            resolve(this.script.publish(keys, args));
          } catch (error) {
            reject(error);
          }
        },
        acceptSilently: (error = new Error("Connection is closed.")) => {
          this.script.publish(keys, args);
          reject(error);
        },
        fail: reject,
        answer: resolve,
      });
    });
  }
}

/** A client of each kind over the same fake. */
export const shapes: readonly { name: string; clientOf: (redis: FakeRedis) => RedisClient }[] = [
  {
    name: "ioredis",
    clientOf: (redis): IoredisLike => ({
      get status() {
        return redis.isReady ? "ready" : "reconnecting";
      },
      evalsha: (digest, keyCount, ...rest) => redis.call(digest, rest.slice(0, keyCount), rest.slice(keyCount)),
      eval: (script, keyCount, ...rest) => redis.call(script, rest.slice(0, keyCount), rest.slice(keyCount)),
      ...events(redis),
    }),
  },
  {
    name: "node-redis",
    clientOf: (redis): NodeRedisLike => ({
      get isReady() {
        return redis.isReady;
      },
      evalSha: (digest, options) => redis.call(digest, options.keys, options.arguments),
      eval: (script, options) => redis.call(script, options.keys, options.arguments),
      ...events(redis),
    }),
  },
];

function events(redis: FakeRedis): object {
  return {
    once: (event: string, listener: () => void) => redis.once(event, listener),
    off: (event: string, listener: () => void) => redis.off(event, listener),
  };
}
