export type { EventSourceConstructor, EventSourceLike } from "./browser/event_source_transport.js";
export type { FetchFunction } from "./browser/fetch_transport.js";
export type { Frames } from "./browser/pacer.js";
export type { Signals } from "./browser/signals.js";
export { browserSignals } from "./browser/signals.js";
export { RegistrationStream } from "./browser/stream.js";
export type {
  ConnectionReason,
  RegistrationStreamOptions,
  StreamSnapshot,
  TransportName,
  WorkflowSnapshot,
  WorkflowStreamOptions,
} from "./browser/stream_options.js";
export { WorkflowStream } from "./browser/workflow_stream.js";
export type { ConnectionState, RetryPolicy, Signal } from "./core/connection.js";
export type { StreamErrorKind } from "./core/errors.js";
export { StreamError } from "./core/errors.js";
export type { CoreSource } from "./core/load_core.js";
export { loadCore } from "./core/load_core.js";
export type { Clock } from "./shared/clock.js";
export { createClock } from "./shared/clock.js";
export type {
  Progress,
  RegistrationStatus,
  RegistrationUpdate,
  RegistrationView,
  StageStatus,
  StageView,
  UpdateOf,
  ViewOf,
} from "./shared/messages.js";
