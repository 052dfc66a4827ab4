export type { PublishErrorKind } from "./publisher/publish_errors.js";
export { PublishError } from "./publisher/publish_errors.js";
export type { Published } from "./publisher/publish_queue.js";
export type { Publisher, PublisherOptions, PublishOptions, WorkflowPublisher } from "./publisher/publisher.js";
export { createPublisher } from "./publisher/publisher.js";
export type { IoredisLike, NodeRedisLike, RedisClient } from "./publisher/redis_client.js";
export type { FinalStatus, UpdateToPublish } from "./publisher/update_message.js";
export type { Clock } from "./shared/clock.js";
export type { StageStatus } from "./shared/messages.js";
