import type { WorkflowSnapshot } from "../browser/stream_options.js";
import type { RegistrationWorkflow } from "../generated/registration.js";
import { registrationWorkflow } from "../generated/registration.js";
import type { RegistrationUpdate, RegistrationView } from "../shared/messages.js";
import type { UpdatesOptions, UpdatesStore } from "./updates_store.js";
import { selectedUpdates } from "./updates_store.js";

/** The options that all stores of registrations take. */
export interface RegistrationOptions
  extends Omit<UpdatesOptions<RegistrationWorkflow>, "id" | "ids" | "until" | "onUpdate"> {
  /** Called once for each update, in order, while the store has a subscriber. */
  readonly onUpdate?: ((update: RegistrationUpdate) => void) | undefined;
}

export interface RegistrationUpdatesOptions extends RegistrationOptions {
  /** The registration to follow. Default: every registration. */
  readonly registrationId?: number | undefined;
  /** `final`: the stream of one registration ends by itself when that has ended. */
  readonly until?: "final" | undefined;
}

/** The connection and the last update. */
export type RegistrationConnection = Omit<WorkflowSnapshot<RegistrationWorkflow>, "view" | "views">;

export interface RegistrationUpdates extends RegistrationConnection {
  /** All updates folded into one view; null on a stream of every registration. */
  readonly registration: RegistrationView | null;
}

export interface Registrations extends RegistrationConnection {
  /** Views by id, in the order of `ids`; without registrations that had no message yet. */
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

/** The view of one registration; null before its first message. */
export function registration(id: number, options: RegistrationOptions = {}): UpdatesStore<RegistrationView | null> {
  return selectedUpdates(registrationWorkflow, { ...options, id }, ({ view }) => view);
}

/** Live views of several registrations. More than 100 need several streams, which appear as one here. */
export function registrations(ids: readonly number[], options: RegistrationOptions = {}): UpdatesStore<Registrations> {
  return selectedUpdates(registrationWorkflow, { ...options, ids }, ({ view: _view, views, ...connection }) => ({
    registrations: views,
    ...connection,
  }));
}
