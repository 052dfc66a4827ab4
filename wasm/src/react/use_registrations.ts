import { registrationWorkflow } from "../generated/registration.js";
import type { RegistrationView } from "../shared/messages.js";
import type { RegistrationConnection, RegistrationHookOptions } from "./use_registration_updates.js";
import { useUpdates } from "./use_updates.js";

export interface Registrations extends RegistrationConnection {
  /** Views by id, in the order of `ids`; without registrations that had no message yet. */
  readonly registrations: ReadonlyMap<number, RegistrationView>;
}

/** Live views of several registrations. More than 100 need several streams, which appear as one here. */
export function useRegistrations(ids: readonly number[], options: RegistrationHookOptions = {}): Registrations {
  const { view: _view, views: registrations, ...updates } = useUpdates(registrationWorkflow, { ...options, ids });
  return { registrations, ...updates };
}
