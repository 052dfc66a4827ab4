import type { RegistrationSummary } from "./model";

/** Publishers may use any id, so the memory of them needs a limit. */
const idsMax = 1000;

/**
 * Decides whether an update is a reason to load the list again: it is about a registration that the list lacks. Each id
 * is a reason only once, because the backend may not have it.
 */
export class Newcomers {
  readonly #seen = new Set<number>();

  /** `list` is null before the first load. */
  isNew(list: readonly RegistrationSummary[] | null, registrationId: number): boolean {
    if (list?.some(({ id }) => id === registrationId) === true) return false;
    if (this.#seen.has(registrationId)) return false;
    if (this.#seen.size === idsMax) this.#seen.clear();
    this.#seen.add(registrationId);
    return true;
  }
}
