import type { WorkflowSnapshot } from "../browser/stream_options.js";
import type { RegistrationWorkflow } from "../generated/registration.js";
import { registrationWorkflow } from "../generated/registration.js";
import type { RegistrationUpdate, RegistrationView } from "../shared/messages.js";
import type { UpdatesOptions, UpdatesStore } from "./updates_store.js";
import { selectedUpdates } from "./updates_store.js";

/** What all stores of registrations take. */
export interface RegistrationOptions
  extends Omit<UpdatesOptions<RegistrationWorkflow>, "id" | "ids" | "until" | "onUpdate"> {
  /** Called once for each update, in order, while the store has a subscriber. */
  readonly onUpdate?: ((update: RegistrationUpdate) => void) | undefined;
}

export interface RegistrationUpdatesOptions extends RegistrationOptions {
  /** Without it, the stream carries every registration's updates. */
  readonly registrationId?: number | undefined;
  /** With `final` the stream of one registration ends by itself when that has ended. */
  readonly until?: "final" | undefined;
}

/** The connection, and what it brought last. */
export type RegistrationConnection = Omit<WorkflowSnapshot<RegistrationWorkflow>, "view" | "views">;

export interface RegistrationUpdates extends RegistrationConnection {
  /** All updates folded into one view; null on a stream of every registration. */
  readonly registration: RegistrationView | null;
}

export interface Registrations extends RegistrationConnection {
  /** By id, in the order in which they were asked for, as far as something is known of them. */
  readonly registrations: ReadonlyMap<number, RegistrationView>;
}

/** Live updates of one registration, or of all. */
export function registrationUpdates(options: RegistrationUpdatesOptions = {}): UpdatesStore<RegistrationUpdates> {
  const { registrationId: id, ...others } = options;
  return selectedUpdates(
    registrationWorkflow,
    { ...others, id },
    ({ view: registration, views: _views, ...connection }) => ({ registration, ...connection }),
  );
}

/** The view of one registration: null before the first word of it. */
export function registration(id: number, options: RegistrationOptions = {}): UpdatesStore<RegistrationView | null> {
  return selectedUpdates(registrationWorkflow, { ...options, id }, ({ view }) => view);
}

/** Live views of several registrations. More than 100 of them take several streams, which count as one here. */
export function registrations(ids: readonly number[], options: RegistrationOptions = {}): UpdatesStore<Registrations> {
  return selectedUpdates(registrationWorkflow, { ...options, ids }, ({ view: _view, views, ...connection }) => ({
    registrations: views,
    ...connection,
  }));
}
