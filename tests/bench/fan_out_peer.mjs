// The peer of fan_out.ts: a carefully written plain Node server on ioredis. It parses a message once, keeps its streams
// in a map by registration, and builds the frame once. It has no history, no resume and no snapshot.
//
// node fan_out_peer.mjs REDIS_PORT CHANNEL
import { createServer } from "node:http";

import { Redis } from "ioredis";

const [redisPort, channel] = process.argv.slice(2);

/** Streams of all registrations have the key 0. */
const streams = new Map();
let sequence = 0;

function eventOf(json) {
  return `id: 1-${sequence}\ndata: ${json}\n\n`;
}

function write(registrationId, frame) {
  for (const response of streams.get(registrationId) ?? []) response.write(frame);
}

const server = createServer((request, response) => {
  const { searchParams } = new URL(request.url, "http://localhost");
  const registrationId = Number(searchParams.get("registrationId") ?? 0);
  const others = streams.get(registrationId) ?? new Set();
  streams.set(registrationId, others.add(response));
  request.on("close", () => {
    others.delete(response);
    if (others.size === 0 && streams.get(registrationId) === others) streams.delete(registrationId);
  });
  // By default Node sends bodies in chunks, which would cost three quarters of the deliveries per second.
  response.removeHeader("Transfer-Encoding");
  response.writeHead(200, {
    "Content-Type": "text/event-stream",
    "Cache-Control": "no-cache, no-transform",
    "X-Accel-Buffering": "no",
  });
  response.write(`retry: 1000\n\n${eventOf(JSON.stringify({ type: "connected", timestamp: Date.now() }))}`);
});

const redis = new Redis({ host: "127.0.0.1", port: Number(redisPort) });
redis.on("message", (_, message) => {
  const { registrationId } = JSON.parse(message);
  sequence += 1;
  const frame = Buffer.from(eventOf(`{"type":"update","data":${message}}`));
  write(0, frame);
  write(registrationId, frame);
});
await redis.subscribe(channel);

server.listen(0, "127.0.0.1", () => console.log(`serving on http://127.0.0.1:${server.address().port}`));
