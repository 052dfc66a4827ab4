import { readFileSync } from "node:fs";

import { describe, expect, it } from "vitest";

import {
  batchBytesMax,
  batchUpdatesMax,
  knownBatchesMax,
  type Publish,
  PublishQueue,
  type Sending,
} from "../../src/publisher/publish_queue.js";

/** In a separate function: Vite would take the expression for an asset of a page. */
function testUrl(): string {
  return import.meta.url;
}

const limits = { waitingMax: 1_000, waitingBytesMax: 2 ** 20, batchesInFlightMax: 5 };

function publish(message: string, bytes = 1): Publish {
  return { message, key: null, bytes, resolve: () => undefined, reject: () => undefined };
}

function queueOf(...messages: string[]): PublishQueue {
  const queue = new PublishQueue(limits);
  messages.forEach((message) => queue.push(publish(message)));
  return queue;
}

/** One batch each, as if each had been pushed when the one before was sent. */
function sendEach(queue: PublishQueue, ...messages: string[]): Sending[] {
  return messages.map((message) => {
    queue.push(publish(message));
    return queue.startSending(0) as Sending;
  });
}

/** The first number, whether it is first in line, and the messages. */
function said(sending: Sending | null): unknown {
  return (
    sending && [
      sending.batch.first,
      sending.isFirstInLine,
      sending.batch.publishes.map(({ message }) => message).join(""),
    ]
  );
}

describe("batches", () => {
  it("consist of waiting updates, in order, and numbered from 1", () => {
    const queue = queueOf("a", "b", "c");
    expect(said(queue.startSending(0))).toEqual([1, true, "abc"]);
    expect(queue.startSending(0)).toBeNull();
    queue.push(publish("d"));
    queue.push(publish("e"));
    expect(said(queue.startSending(0))).toEqual([4, false, "de"]);
    expect([queue.count, queue.bytes]).toEqual([5, 5]);
  });

  it("are bounded in updates", () => {
    const queue = new PublishQueue(limits);
    for (let index = 0; index < batchUpdatesMax + 1; ++index) {
      queue.push(publish("x"));
    }
    expect(queue.startSending(0)?.batch.publishes).toHaveLength(batchUpdatesMax);
    expect(queue.startSending(0)?.batch.publishes).toHaveLength(1);
  });

  it("are bounded in bytes, and a larger update goes alone", () => {
    const queue = new PublishQueue(limits);
    queue.push(publish("a", batchBytesMax - 1));
    queue.push(publish("b", 1));
    queue.push(publish("c", 1));
    queue.push(publish("D", batchBytesMax * 2));
    queue.push(publish("e", 1));
    expect([1, 2, 3, 4].map(() => said(queue.startSending(0)))).toEqual([
      [1, true, "ab"],
      [3, false, "c"],
      [4, false, "D"],
      [5, false, "e"],
    ]);
  });

  it("are in flight up to their limit", () => {
    const queue = new PublishQueue({ ...limits, batchesInFlightMax: 2 });
    const [first] = sendEach(queue, "a", "b");
    queue.push(publish("c"));
    expect(queue.startSending(0)).toBeNull();
    queue.end(first as Sending);
    expect(said(queue.startSending(0))).toEqual([3, false, "c"]);
  });
});

describe("a batch that Redis does not take", () => {
  it("waits again with all behind it, in order and with new numbers, once all are answered", () => {
    const queue = new PublishQueue(limits);
    const [first, second, third] = sendEach(queue, "a", "b", "c") as [Sending, Sending, Sending];
    queue.push(publish("d"));
    queue.holdBack(first);
    expect(queue.startSending(0)).toBeNull();
    queue.holdBack(second);
    queue.holdBack(third);
    expect(said(queue.startSending(0))).toEqual([4, true, "abcd"]);
  });

  it("waits for those before it if answers come in another order", () => {
    const queue = new PublishQueue(limits);
    const [first, second] = sendEach(queue, "a", "b") as [Sending, Sending];
    queue.holdBack(second);
    expect(queue.startSending(0)).toBeNull();
    queue.lose(first);
    expect(said(queue.startSending(0))).toEqual([1, true, "a"]);
    expect(queue.startSending(0)).toBeNull(); // Its number does not follow.
    queue.end(first);
    expect(queue.startSending(0)).toBeNull(); // That was the lost one.
  });

  it("is sent when the lost one before it was answered", () => {
    const queue = new PublishQueue(limits);
    const [first, second] = sendEach(queue, "a", "b") as [Sending, Sending];
    queue.holdBack(second);
    queue.lose(first);
    queue.end(queue.startSending(0) as Sending);
    expect(said(queue.startSending(0))).toEqual([3, true, "b"]);
  });
});

describe("a batch whose answer was lost", () => {
  it("stays unchanged, and is sent before all others", () => {
    const queue = new PublishQueue(limits);
    sendEach(queue, "a", "b");
    queue.push(publish("c"));
    queue.loseAll();
    expect([1, 2, 3].map(() => said(queue.startSending(0)))).toEqual([
      [1, true, "a"],
      [2, false, "b"],
      [3, false, "c"],
    ]);
  });

  it("stays so when Redis does not take it then", () => {
    const queue = new PublishQueue(limits);
    sendEach(queue, "a");
    queue.loseAll();
    queue.holdBack(queue.startSending(1) as Sending);
    queue.push(publish("b"));
    expect(said(queue.startSending(2))).toEqual([1, true, "a"]);
    expect(queue.oldestSent).toBe(0);
  });

  it("is not in the history if one before it was not taken: Redis takes nothing behind that", () => {
    const queue = new PublishQueue(limits);
    const [first, second] = sendEach(queue, "a", "b") as [Sending, Sending];
    queue.holdBack(first);
    queue.lose(second);
    expect(said(queue.startSending(0))).toEqual([3, true, "ab"]);
  });

  it("no longer matters after it was given up, nor does its late answer", () => {
    const queue = new PublishQueue(limits);
    const [first] = sendEach(queue, "a") as [Sending];
    expect(queue.isAwaited(first)).toBe(true);
    queue.loseAll();
    expect(queue.isAwaited(first)).toBe(false);
    queue.end(first);
    expect(queue.count).toBe(1);
  });

  it("leaves when it is too old, and those that are not stay", () => {
    const queue = new PublishQueue(limits);
    queue.push(publish("a"));
    queue.startSending(10);
    queue.push(publish("b"));
    queue.startSending(20);
    queue.push(publish("c"));
    queue.loseAll();
    expect(queue.expire(9)).toEqual([]);
    expect(queue.expire(10).map(({ message }) => message)).toEqual(["a"]);
    expect([queue.count, queue.bytes]).toEqual([2, 2]);
    expect(said(queue.startSending(30))).toEqual([2, true, "b"]);
  });
});

describe("the queue", () => {
  it("accepts no more than may wait, in flight or not", () => {
    const queue = new PublishQueue({ ...limits, waitingMax: 3, waitingBytesMax: 10 });
    expect(queue.push(publish("a", 5))).toBe(true);
    expect(queue.push(publish("b", 6))).toBe(false);
    const sending = queue.startSending(0) as Sending;
    expect(queue.push(publish("b", 5))).toBe(true);
    expect(queue.push(publish("c", 0))).toBe(true);
    expect(queue.push(publish("d", 0))).toBe(false);
    queue.end(sending);
    expect(queue.push(publish("d", 5))).toBe(true);
  });

  it("is cleared into updates that may be in the history, and updates that are not", () => {
    const queue = new PublishQueue(limits);
    sendEach(queue, "a", "b");
    queue.push(publish("c"));
    const { sent, unsent } = queue.clear();
    expect([sent, unsent].map((publishes) => publishes.map(({ message }) => message).join(""))).toEqual(["ab", "c"]);
    expect([queue.count, queue.bytes, queue.hasWaiting, queue.isInFlight]).toEqual([0, 0, false, false]);
  });
});

describe("the bounds of a batch", () => {
  it("are the native publisher's", () => {
    const path = "../../../native/broker/include/regstream/broker/publish_limits.hpp";
    const limitsOfNative = readFileSync(new URL(path, testUrl()), "utf8");
    expect(limitsOfNative).toContain(`known_batches_max = ${knownBatchesMax};`);
    expect(limitsOfNative).toContain(`batch_updates_max = ${batchUpdatesMax};`);
    expect(limitsOfNative).toContain(`batch_bytes_max = ${batchBytesMax / 1024}U << 10U;`);
  });
});
