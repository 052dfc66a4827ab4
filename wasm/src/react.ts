export type { RegistrationUpdates, UseRegistrationUpdatesOptions } from "./react/use_registration_updates.js";
export { useRegistrationUpdates } from "./react/use_registration_updates.js";
