import { registrationWorkflow } from "../generated/registration.js";
import type { RegistrationView } from "../shared/messages.js";
import type { RegistrationConnection, RegistrationHookOptions } from "./use_registration_updates.js";
import { useUpdates } from "./use_updates.js";

export interface Registrations extends RegistrationConnection {
  /** By id, in the order in which they were asked for, as far as something is known of them. */
  readonly registrations: ReadonlyMap<number, RegistrationView>;
}

/** Live views of several registrations. More than 100 of them take several streams, which count as one here. */
export function useRegistrations(ids: readonly number[], options: RegistrationHookOptions = {}): Registrations {
  const { view: _view, views: registrations, ...updates } = useUpdates(registrationWorkflow, { ...options, ids });
  return { registrations, ...updates };
}
