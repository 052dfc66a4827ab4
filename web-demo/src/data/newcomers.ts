import type { RegistrationSummary } from "./model";

/** Any publisher may name any number; what is remembered of them has an end. */
const idsMax = 1000;

/**
 * Tells which updates are a reason to load the list again: those about a registration that it lacks.
 * Each such registration is one once only, since the backend need not know it.
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
