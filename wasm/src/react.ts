export type { RegistrationUpdates, UseRegistrationUpdatesOptions } from "./react/use_registration_updates.js";
export { useRegistrationUpdates } from "./react/use_registration_updates.js";
export type { Updates, UseUpdatesOptions } from "./react/use_updates.js";
export { useUpdates } from "./react/use_updates.js";
