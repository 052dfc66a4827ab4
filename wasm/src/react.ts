export type { EndpointOptions } from "./pool/endpoint.js";
export type { RegistrationStreamsProps } from "./react/registration_streams.js";
export { RegistrationStreams } from "./react/registration_streams.js";
export type { StreamSwitch, UseUpdatesOptions } from "./react/use_lease.js";
export type { SelectFromRegistration, UseRegistrationOptions } from "./react/use_registration.js";
export { useRegistration } from "./react/use_registration.js";
export type {
  RegistrationConnection,
  RegistrationHookOptions,
  RegistrationUpdates,
  UseRegistrationUpdatesOptions,
} from "./react/use_registration_updates.js";
export { useRegistrationUpdates } from "./react/use_registration_updates.js";
export type { Registrations } from "./react/use_registrations.js";
export { useRegistrations } from "./react/use_registrations.js";
export type { UseSelectedUpdatesOptions } from "./react/use_selected_updates.js";
export { useSelectedUpdates } from "./react/use_selected_updates.js";
export { useStream } from "./react/use_stream.js";
export type { Updates } from "./react/use_updates.js";
export { useUpdates } from "./react/use_updates.js";
