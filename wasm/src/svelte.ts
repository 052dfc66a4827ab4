export type {
  RegistrationConnection,
  RegistrationOptions,
  Registrations,
  RegistrationUpdates,
  RegistrationUpdatesOptions,
} from "./svelte/registration_updates.js";
export { registration, registrations, registrationUpdates } from "./svelte/registration_updates.js";
export type { UpdatesOptions, UpdatesStore } from "./svelte/updates_store.js";
export { updates } from "./svelte/updates_store.js";
