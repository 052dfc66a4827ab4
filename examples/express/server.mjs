// An API with two routes: one starts a validation and publishes its updates, one passes the stream on from the gateway.
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import express from "express";
import { Redis } from "ioredis";
import { createPublisher } from "regstream/publisher";

const gateway = process.env.GATEWAY ?? "http://127.0.0.1:8080";
const { REDIS_HOST: host = "127.0.0.1", REDIS_PORT: port = "6379", REDIS_PASSWORD: password } = process.env;
const redis = new Redis({ host, port: Number(port), password });
const publisher = createPublisher(redis, { onTrouble: (trouble) => console.error(trouble.message) });

/** Stands for your own validation. */
async function validate(registrationId) {
  await publisher.publishStageUpdate(registrationId, "t24_lookup", "started", "Looking for accounts");
  await publisher.publishStageUpdate(registrationId, "t24_lookup", "completed", "Found 5 accounts");
  await publisher.publishFinalStatus(registrationId, "APPROVED", "Customer validated successfully");
}

const app = express();

app.post("/api/registrations/:id/process", (request, response) => {
  // Your own check of who asks belongs here.
  const registrationId = Number(request.params.id);
  if (!Number.isSafeInteger(registrationId) || registrationId < 1) {
    response.status(400).json({ detail: `${request.params.id} is not a registration's id` });
    return;
  }
  validate(registrationId).catch((error) => console.error(error.message));
  response.status(202).json({ registrationId });
});

// A proxy such as nginx does this as well. Never compress this route: a compressor holds the stream back.
const stream = "/api/registrations/updates/stream";
app.get(stream, async (request, response) => {
  // Only the query is the request's: a request line may name another server ("GET http://…").
  const url = new URL(stream, gateway);
  url.search = new URL(request.originalUrl, gateway).search;
  const leaving = new AbortController();
  response.on("close", () => leaving.abort());
  const headers = { accept: "text/event-stream" };
  for (const name of ["authorization", "cookie", "last-event-id"]) {
    if (request.headers[name] !== undefined) headers[name] = request.headers[name];
  }
  try {
    const answer = await fetch(url, { headers, signal: leaving.signal });
    response.status(answer.status);
    for (const name of ["content-type", "cache-control", "retry-after"]) {
      const value = answer.headers.get(name);
      if (value !== null) response.setHeader(name, value);
    }
    response.flushHeaders();
    if (answer.body === null) response.end();
    else await pipeline(Readable.fromWeb(answer.body), response);
  } catch {
    // The page has left, or the gateway is away; then the page reconnects by itself.
    if (response.headersSent) response.destroy();
    else response.status(502).end();
  }
});

const server = app.listen(Number(process.env.PORT ?? 3000), "127.0.0.1", () => {
  console.log(`listening on http://127.0.0.1:${server.address().port}`);
});
