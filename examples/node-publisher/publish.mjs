// Publishes a stage and the outcome of a registration through Redis: node publish.mjs [REGISTRATION_ID]
import { Redis } from "ioredis";
import { createPublisher } from "regstream/publisher";

const registrationId = Number(process.argv[2] ?? 42);
const redis = new Redis({ host: process.env.REDIS_HOST ?? "127.0.0.1", port: Number(process.env.REDIS_PORT ?? 6379) });
// Redis may be away for a while: updates wait, in order, and this says why.
const publisher = createPublisher(redis, { onTrouble: (trouble) => console.error(trouble.message) });

await publisher.publishStageUpdate(registrationId, "t24_lookup", "completed", "Found 5 accounts");
const { id } = await publisher.publishFinalStatus(registrationId, "APPROVED", "Customer validated successfully", {
  accountsFound: 5,
});
console.log(`published ${id}`);
redis.disconnect();
