import { Redis } from "ioredis";

export const channel = "service:registration-updates";

const redis = new Redis({
  host: process.env.REDIS_HOST ?? "localhost",
  port: Number(process.env.REDIS_PORT ?? 6379),
  ...(process.env.REDIS_PASSWORD ? { password: process.env.REDIS_PASSWORD } : {}),
});

export type StageStatus = "started" | "completed" | "failed";

export interface RegistrationUpdate {
  registrationId: number;
  status: string;
  stage?: string;
  message?: string;
  details?: Record<string, unknown>;
  processLog?: unknown[];
  timestamp: number;
}

async function publish(update: RegistrationUpdate): Promise<void> {
  await redis.publish(channel, JSON.stringify(update));
}

export function publishStageUpdate(registrationId: number, stage: string, stageStatus: StageStatus, message: string) {
  const text = stageStatus === "completed" ? message : `${message} (${stageStatus})`;
  return publish({ registrationId, status: "PENDING", stage, message: text, timestamp: Date.now() });
}

export function publishFinalStatus(
  registrationId: number,
  status: string,
  message: string,
  details?: Record<string, unknown>,
  processLog?: unknown[],
) {
  return publish({ registrationId, status, message, details, processLog, timestamp: Date.now() });
}

/** Calls `listener` for each update until the returned function is called. */
export async function subscribe(listener: (update: RegistrationUpdate) => void): Promise<() => void> {
  const subscriber = redis.duplicate();
  subscriber.on("message", (_channel: string, message: string) => listener(JSON.parse(message) as RegistrationUpdate));
  await subscriber.subscribe(channel);
  return () => subscriber.disconnect();
}
