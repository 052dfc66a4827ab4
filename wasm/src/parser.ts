export type {
  EventStreamLimits,
  EventStreamParserOptions,
  SkippedEvent,
  SkipReason,
} from "./core/event_stream_parser.js";
export { EventBatch, EventStreamParser } from "./core/event_stream_parser.js";
