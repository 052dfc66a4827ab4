export type {
  MaybeRegistrationId,
  RegistrationConnection,
  RegistrationOptions,
  Registrations,
  RegistrationUpdates,
  UseRegistrationUpdatesOptions,
} from "./vue/use_registration_updates.js";
export { useRegistration, useRegistrations, useRegistrationUpdates } from "./vue/use_registration_updates.js";
export type { StreamSwitch, Updates, UseUpdatesOptions } from "./vue/use_updates.js";
export { registrationStreams, useUpdates } from "./vue/use_updates.js";
