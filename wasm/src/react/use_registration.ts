import type { WorkflowSnapshot } from "../browser/stream_options.js";
import type { RegistrationWorkflow } from "../generated/registration.js";
import { registrationWorkflow } from "../generated/registration.js";
import type { RegistrationView } from "../shared/messages.js";
import type { RegistrationHookOptions } from "./use_registration_updates.js";
import { useSelectedUpdates } from "./use_selected_updates.js";

export interface UseRegistrationOptions<Selection> extends RegistrationHookOptions {
  /** Whether two selections are equal for the component. Default: `Object.is`. */
  readonly isEqual?: ((one: Selection, other: Selection) => boolean) | undefined;
}

/** Selects what a component shows, from a registration (null before its first message) and the connection. */
export type SelectFromRegistration<Selection> = (
  registration: RegistrationView | null,
  connection: WorkflowSnapshot<RegistrationWorkflow>,
) => Selection;

/**
 * Returns what `select` returns for one registration, and renders only when that changes. Without `select`, returns the
 * view. `select` and `isEqual` may be new functions each render.
 */
export function useRegistration(id: number): RegistrationView | null;
export function useRegistration<Selection>(
  id: number,
  select: SelectFromRegistration<Selection>,
  options?: UseRegistrationOptions<Selection>,
): Selection;
export function useRegistration(
  id: number,
  select: SelectFromRegistration<unknown> = (registration) => registration,
  options: UseRegistrationOptions<unknown> = {},
): unknown {
  return useSelectedUpdates(registrationWorkflow, (snapshot) => select(snapshot.view, snapshot), { ...options, id });
}
