import { EventEmitter } from "node:events";

import { historyScriptDigest } from "../../src/generated/history_script.js";
import type { IoredisLike } from "../../src/publisher/ioredis_runner.js";
import type { NodeRedisLike } from "../../src/publisher/node_redis_runner.js";
import type { RedisClient } from "../../src/publisher/redis_client.js";

/** One call of the script that a client was asked for. The test answers it. */
export interface Call {
  /** "digest", or the script's text. */
  readonly by: string;
  readonly keys: readonly string[];
  readonly args: readonly string[];
  /** Runs it, and answers with its id. */
  accept(): void;
  /** Runs it, but the connection breaks before the answer. */
  acceptSilently(error?: Error): void;
  fail(error: unknown): void;
  answer(reply: unknown): void;
}

/**
 * What of Redis a publisher can see: a history, keys, and whether the script is known. Clients of both kinds are its
 * shapes; they emit "ready" as the real ones do.
 */
export class FakeRedis extends EventEmitter {
  readonly history: string[] = [];
  readonly calls: Call[] = [];
  isReady = true;
  readonly #ids = new Map<string, string>();

  get last(): Call {
    const call = this.calls.at(-1);
    if (call === undefined) {
      throw new Error("Nothing was called");
    }
    return call;
  }

  /** The messages in the history, by what their JSON says. */
  get messages(): unknown[] {
    return this.history.map((text) => (JSON.parse(text) as { message: unknown }).message);
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
        accept: () => resolve(this.#run(keys, args)),
        acceptSilently: (error = new Error("Connection is closed.")) => {
          this.#run(keys, args);
          reject(error);
        },
        fail: reject,
        answer: resolve,
      });
    });
  }

  #run([, , place, key]: readonly string[], args: readonly string[]): string[] {
    const names = [`${place} ${args[7]}`, ...(key === undefined ? [] : [key])];
    const earlier = names.map((name) => this.#ids.get(name)).find((id) => id !== undefined);
    const id = earlier ?? `1702493000000-${this.history.push(args.at(-1) ?? "")}`;
    for (const name of names) {
      this.#ids.set(name, id);
    }
    return [id];
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
