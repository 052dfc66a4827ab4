// The package's parser and client in WebAssembly, beside eventsource-parser and JSON.parse, which a page would use
// without them. Both sides get the same bytes, in the pieces of a fetch body. They alternate, so that a busy spell of
// the machine affects both; each one's fastest run counts.

import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";

import { createParser } from "eventsource-parser";
import { CoreClient } from "../../wasm/src/core/core_client.ts";
import { Vocabulary } from "../../wasm/src/core/vocabulary.ts";
import { EventStreamParser } from "../../wasm/src/core/event_stream_parser.ts";
import { loadCore } from "../../wasm/src/core/load_core.ts";
import { registrationWorkflow } from "../../wasm/src/workflow.ts";
import { record } from "./figures.ts";

const streamBytesMin = 1 << 20;
const rounds = 40;

const steps = [
  ["duplicate_check", "started", "Checking for duplicates"],
  ["duplicate_check", "completed", "No duplicate found"],
  ["t24_lookup", "started", "Looking the customer up in core banking"],
  ["t24_lookup", "completed", "Found 5 accounts"],
  ["account_validation", "started", "Validating 5 accounts"],
  ["account_validation", "completed", "Validated 5 accounts"],
  ["status_update", "started", "Updating the status"],
  ["status_update", "completed", "Status set to APPROVED"],
] as const;

/** The order of keys varies, as with publishers in other languages. */
function shuffled(object: Record<string, unknown>, turn: number): Record<string, unknown> {
  const entries = Object.entries(object);
  // Coprime to every number of keys here, so that it visits all of them.
  return Object.fromEntries(entries.map((_, index) => entries[(index * 5 + turn) % entries.length]!));
}

/** Validations as the gateway streams them: eight stage updates, then a final status with details and log. */
function createStream(order: "sent" | "shuffled"): Uint8Array {
  const blocks: string[] = [];
  let bytes = 0;
  for (let sequence = 1; bytes < streamBytesMin; ++sequence) {
    const step = sequence % 9;
    const timestamp = 1_702_493_000_000 + sequence * 7;
    const registrationId = Math.floor(sequence / 9) + 1;
    const [stage, stageStatus, message] = steps[step] ?? [];
    let data: Record<string, unknown> =
      stage === undefined
        ? {
            registrationId,
            status: "APPROVED",
            message: "Customer validated successfully",
            details: { accountsFound: 5, customerNumber: "100482" },
            processLog: [{ stage: "duplicate_check", message: "No duplicate found", timestamp }],
            timestamp,
          }
        : { registrationId, status: "PENDING", stage, stageStatus, message, timestamp };
    let envelope: Record<string, unknown> = { type: "update", data };
    if (order === "shuffled") {
      data = shuffled(data, sequence);
      envelope = sequence % 2 === 0 ? { data, type: "update" } : { type: "update", data };
    }
    const block = `id: ${timestamp}-${sequence}\ndata: ${JSON.stringify(envelope)}\n\n`;
    blocks.push(block);
    bytes += block.length;
  }
  return new TextEncoder().encode(blocks.join(""));
}

const core = await loadCore(await readFile(createRequire(import.meta.url).resolve("regstream/regstream.wasm")));
const vocabulary = new Vocabulary(registrationWorkflow);
const sent = createStream("sent");
const shuffledStream = createStream("shuffled");

type Run = (stream: Uint8Array, chunkBytes: number) => number;

function* chunks(stream: Uint8Array, chunkBytes: number): Generator<Uint8Array> {
  for (let begin = 0; begin < stream.length; begin += chunkBytes) {
    yield stream.subarray(begin, begin + chunkBytes);
  }
}

function peer(onData: (data: string) => void): Run {
  return (stream, chunkBytes) => {
    const decoder = new TextDecoder();
    const parser = createParser({ onEvent: (event) => onData(event.data) });
    for (const chunk of chunks(stream, chunkBytes)) {
      parser.feed(decoder.decode(chunk, { stream: true }));
    }
    return 0;
  };
}

/** The results must not be optimised away: every run sums them up, and both sides must get the same sum. */
let sum = 0;

const countByPeer = peer(() => {
  sum += 1;
});
const countByUs: Run = (stream, chunkBytes) => {
  const parser = new EventStreamParser(core);
  for (const chunk of chunks(stream, chunkBytes)) {
    sum += parser.push(chunk).length;
  }
  parser.dispose();
  return 0;
};

const stringsByPeer = peer((data) => {
  sum += data.length + data.charCodeAt(data.length >> 1);
});
const stringsByUs: Run = (stream, chunkBytes) => {
  const parser = new EventStreamParser(core);
  for (const chunk of chunks(stream, chunkBytes)) {
    const events = parser.push(chunk);
    for (let index = 0; index < events.length; ++index) {
      const data = events.data(index);
      sum += data.length + data.charCodeAt(data.length >> 1);
    }
  }
  parser.dispose();
  return 0;
};

function readProgress(registrationId: number, status: string, stage: string, message: string, timestamp: number): void {
  sum += registrationId + status.length + stage.length + message.length + timestamp;
}

interface Envelope {
  readonly type: string;
  readonly data: { registrationId: number; status: string; stage?: string; message: string; timestamp: number };
}

const progressByPeer = peer((data) => {
  const envelope = JSON.parse(data) as Envelope;
  if (envelope.type === "update") {
    const { registrationId, status, stage, message, timestamp } = envelope.data;
    readProgress(registrationId, status, stage ?? "", message, timestamp);
  }
});
const progressByUs: Run = (stream, chunkBytes) => {
  const client = new CoreClient(core, { vocabulary, policy: "resilient", seed: [1, 2], ids: [], needsToken: false });
  client.connect(0);
  while (client.poll() !== null);
  client.response(1, { status: 200, isEventStream: true, coding: undefined, retryAfterMs: undefined }, 0);
  for (const chunk of chunks(stream, chunkBytes)) {
    const messages = client.bytes(1, chunk, 0);
    for (let index = 0; messages !== null && index < messages.length; ++index) {
      if (messages.kind(index) === "update") {
        readProgress(
          messages.id(index),
          messages.status(index),
          messages.stage(index),
          messages.message(index),
          messages.timestamp(index),
        );
      }
    }
  }
  client.dispose();
  return 0;
};

interface Comparison {
  readonly what: string;
  readonly ours: Run;
  readonly peer: Run;
  readonly stream: Uint8Array;
  readonly chunkBytes: number;
  /** Undefined: measured, without a target. */
  readonly target?: number;
}

const kib = 1024;
const comparisons: readonly Comparison[] = [
  { what: "events counted", ours: countByUs, peer: countByPeer, stream: sent, chunkBytes: 64 * kib, target: 4 },
  { what: "events counted", ours: countByUs, peer: countByPeer, stream: sent, chunkBytes: kib },
  { what: "every string", ours: stringsByUs, peer: stringsByPeer, stream: sent, chunkBytes: 64 * kib, target: 1 },
  { what: "every string", ours: stringsByUs, peer: stringsByPeer, stream: sent, chunkBytes: kib },
  { what: "progress fields", ours: progressByUs, peer: progressByPeer, stream: sent, chunkBytes: 64 * kib, target: 5 },
  { what: "progress fields", ours: progressByUs, peer: progressByPeer, stream: sent, chunkBytes: kib, target: 2 },
  {
    what: "progress fields, keys shuffled",
    ours: progressByUs,
    peer: progressByPeer,
    stream: shuffledStream,
    chunkBytes: 64 * kib,
    target: 5,
  },
  {
    what: "progress fields, keys shuffled",
    ours: progressByUs,
    peer: progressByPeer,
    stream: shuffledStream,
    chunkBytes: kib,
    target: 2,
  },
];

function timed(run: Run, { stream, chunkBytes }: Comparison): { milliseconds: number; sum: number } {
  sum = 0;
  const begin = performance.now();
  run(stream, chunkBytes);
  return { milliseconds: performance.now() - begin, sum };
}

console.log("in WebAssembly under Node, of eventsource-parser (and JSON.parse where fields are read)");
const fastest = comparisons.map(() => ({ ours: Infinity, peer: Infinity }));
for (let round = 0; round < rounds; ++round) {
  for (const [index, comparison] of comparisons.entries()) {
    const ours = timed(comparison.ours, comparison);
    const peer = timed(comparison.peer, comparison);
    if (ours.sum !== peer.sum) {
      throw new Error(`${comparison.what}: the two sides read different things (${ours.sum} and ${peer.sum})`);
    }
    const best = fastest[index]!;
    best.ours = Math.min(best.ours, ours.milliseconds);
    best.peer = Math.min(best.peer, peer.milliseconds);
  }
}
for (const [index, { what, stream, chunkBytes, target }] of comparisons.entries()) {
  const { ours, peer } = fastest[index]!;
  const rate = (milliseconds: number) => `${(stream.length / milliseconds / 1000).toFixed(0).padStart(5)} MB/s`;
  record({
    group: "parsing under Node",
    what: `${what}, ${chunkBytes / kib} KiB chunks`,
    better: "more",
    bars: [
      { name: "regstream/parser", value: 1 / ours, text: rate(ours).trim() },
      { name: "eventsource-parser", value: 1 / peer, text: rate(peer).trim() },
    ],
  });
  const against = target === undefined ? "" : ` (target ${target})`;
  console.log(
    `${`${what}, ${chunkBytes / kib} KiB chunks`.padEnd(46)} ${rate(ours)} against ${rate(peer)} ` +
      `${(peer / ours).toFixed(2).padStart(6)} x${against}`,
  );
}
