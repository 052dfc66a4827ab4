import type { RegistrationUpdate } from "regstream";

import { type RegistrationList, type RegistrationSummary, isFinalStatus, isTime } from "./model";

type List = readonly RegistrationSummary[];

/** The list after one update. Rows that don't change stay the same objects. */
export function applyUpdate(list: List, update: RegistrationUpdate): List {
  const before = list.find(({ id }) => id === update.registrationId);
  if (before === undefined) return list;
  const after: RegistrationSummary = {
    ...before,
    status: update.status,
    message: update.message ?? before.message,
    // A stage update means that a validation is running, until a final status ends it.
    validating: !isFinalStatus(update.status) && (update.stage !== undefined || before.validating),
    updatedAt: isTime(update.timestamp) && update.timestamp > 0 ? update.timestamp : before.updatedAt,
  };
  return saysTheSame(before, after) ? list : list.map((one) => (one === before ? after : one));
}

/** The same for the loaded list with its `hasMore`. */
export function applyToList(list: RegistrationList, update: RegistrationUpdate): RegistrationList {
  const registrations = applyUpdate(list.registrations, update);
  return registrations === list.registrations ? list : { ...list, registrations };
}

/** Compares the fields that an update can change. */
function saysTheSame(before: RegistrationSummary, after: RegistrationSummary): boolean {
  return (
    before.status === after.status &&
    before.message === after.message &&
    before.validating === after.validating &&
    before.updatedAt === after.updatedAt
  );
}

export interface ListFilter {
  /** Null for every status. */
  readonly status: string | null;
  readonly search: string;
}

/** The registrations with the status whose name, numbers or branch contain every word of the search. */
export function filterList(list: List, { status, search }: ListFilter): List {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  return list.filter((one) => {
    if (status !== null && one.status !== status) return false;
    if (words.length === 0) return true;
    const { id, customerName, customerNumber, phone, branch } = one;
    const text = [id, customerName, customerNumber, phone, branch].join(" ").toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

/** How many registrations each status has. */
export function countStatuses(list: List): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { status } of list) counts.set(status, (counts.get(status) ?? 0) + 1);
  return counts;
}
