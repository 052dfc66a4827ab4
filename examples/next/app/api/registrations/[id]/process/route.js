import { Redis } from "ioredis";
import { after } from "next/server";
import { createPublisher } from "regstream/publisher";

// One publisher for the process, made with the first request: `next build` imports this file, too.
let publisher;
function thePublisher() {
  const { REDIS_HOST: host = "127.0.0.1", REDIS_PORT: port = "6379", REDIS_PASSWORD: password } = process.env;
  publisher ??= createPublisher(new Redis({ host, port: Number(port), password }), {
    onTrouble: (trouble) => console.error(trouble.message),
  });
  return publisher;
}

/** Stands for your own validation. */
async function validate(registrationId) {
  await thePublisher().publishStageUpdate(registrationId, "t24_lookup", "started", "Looking for accounts");
  await thePublisher().publishStageUpdate(registrationId, "t24_lookup", "completed", "Found 5 accounts");
  await thePublisher().publishFinalStatus(registrationId, "APPROVED", "Customer validated successfully");
}

export async function POST(_request, { params }) {
  // Your own check of who asks belongs here.
  const { id } = await params;
  const registrationId = Number(id);
  if (!Number.isSafeInteger(registrationId) || registrationId < 1) {
    return Response.json({ detail: `${id} is not a registration's id` }, { status: 400 });
  }
  after(() => validate(registrationId).catch((error) => console.error(error.message)));
  return Response.json({ registrationId }, { status: 202 });
}
