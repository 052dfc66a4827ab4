import type { ComputedRef, MaybeRefOrGetter } from "vue";
import { toValue } from "vue";

import type { RegistrationWorkflow } from "../generated/registration.js";
import { registrationWorkflow } from "../generated/registration.js";
import type { RegistrationUpdate, RegistrationView } from "../shared/messages.js";
import type { Updates, UseUpdatesOptions } from "./use_updates.js";
import { useUpdates } from "./use_updates.js";

/** The options that all composables of registrations take. */
export interface RegistrationOptions
  extends Omit<UseUpdatesOptions<RegistrationWorkflow>, "id" | "ids" | "until" | "onUpdate"> {
  /** Called once for each update, in order. */
  readonly onUpdate?: ((update: RegistrationUpdate) => void) | undefined;
}

/** A registration's id: a value, a ref or a getter. Null or undefined: not known yet, so no stream is asked for. */
export type MaybeRegistrationId = MaybeRefOrGetter<number | null | undefined>;

export interface UseRegistrationUpdatesOptions extends RegistrationOptions {
  /** The registration to follow. Left out: every registration. */
  readonly registrationId?: MaybeRegistrationId;
  /** `final`: the stream of one registration ends by itself when that has ended. */
  readonly until?: "final" | undefined;
}

/** The connection and the last update, as refs. */
export type RegistrationConnection = Omit<Updates<RegistrationWorkflow>, "view" | "views">;

export interface RegistrationUpdates extends RegistrationConnection {
  /** All updates folded into one view; null on a stream of every registration. */
  readonly registration: ComputedRef<RegistrationView | null>;
}

export interface Registrations extends RegistrationConnection {
  /** Views by id, in the order of `ids`; without registrations that had no message yet. */
  readonly registrations: ComputedRef<ReadonlyMap<number, RegistrationView>>;
}

/** Live updates of one registration, or of all. */
export function useRegistrationUpdates(options: UseRegistrationUpdatesOptions = {}): RegistrationUpdates {
  const { registrationId, until, ...others } = options;
  const {
    view: registration,
    views: _views,
    ...connection
  } = useUpdates(registrationWorkflow, () => {
    if (!("registrationId" in options)) {
      return others;
    }
    const id = toValue(registrationId) ?? undefined;
    return id === undefined ? { ...others, ids: [] } : { ...others, id, until };
  });
  return { registration, ...connection };
}

/** The view of one registration; null before its first message. */
export function useRegistration(
  id: MaybeRegistrationId,
  options: RegistrationOptions = {},
): ComputedRef<RegistrationView | null> {
  return useRegistrationUpdates({ ...options, registrationId: id }).registration;
}

/** Live views of several registrations. More than 100 need several streams, which appear as one here. */
export function useRegistrations(
  ids: MaybeRefOrGetter<readonly number[]>,
  options: RegistrationOptions = {},
): Registrations {
  const {
    view: _view,
    views: registrations,
    ...connection
  } = useUpdates(registrationWorkflow, () => {
    return { ...options, ids: toValue(ids) };
  });
  return { registrations, ...connection };
}
