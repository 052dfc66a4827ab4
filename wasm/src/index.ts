export type { Clock } from "./clock.js";
export { createClock } from "./clock.js";
export type { CoreSource } from "./core.js";
export { loadCore } from "./core.js";
export type { ConnectionState, RetryPolicy } from "./core_client.js";
export type { StreamErrorKind } from "./errors.js";
export { StreamError } from "./errors.js";
export type { EventSourceConstructor, EventSourceLike } from "./event_source_transport.js";
export type { FetchFunction } from "./fetch_transport.js";
export type {
  Progress,
  RegistrationStatus,
  RegistrationUpdate,
  RegistrationView,
  StageStatus,
  StageView,
} from "./messages.js";
export type { Signal, Signals } from "./signals.js";
export { browserSignals } from "./signals.js";
export { RegistrationStream } from "./stream.js";
export type {
  ConnectionReason,
  RegistrationStreamOptions,
  StreamSnapshot,
  TransportName,
} from "./stream_options.js";
