// Publishes a stage and the outcome of a registration through Redis: node publish.mjs [REGISTRATION_ID]
import { Redis } from "ioredis";
import { createPublisher } from "regstream/publisher";

const registrationId = Number(process.argv[2] ?? 42);
const { REDIS_HOST: host = "127.0.0.1", REDIS_PORT: port = "6379", REDIS_PASSWORD: password } = process.env;
const redis = new Redis({ host, port: Number(port), password });
// Redis may be away for a while: updates wait, in order, and this says why.
const publisher = createPublisher(redis, { onTrouble: (trouble) => console.error(trouble.message) });

await publisher.publishStageUpdate(registrationId, "t24_lookup", "completed", "Found 5 accounts");
const { id } = await publisher.publishFinalStatus(registrationId, "APPROVED", "Customer validated successfully", {
  accountsFound: 5,
});
console.log(`published ${id}`);
redis.disconnect();
