export type {
  EventBatch,
  EventStreamLimits,
  EventStreamParserOptions,
  SkippedEvent,
  SkipReason,
} from "./core/event_stream_parser.js";
export { EventStreamParser } from "./core/event_stream_parser.js";
