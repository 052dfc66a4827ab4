import type { RegistrationView } from "regstream";

/**
 * The stream's view, which wins over what was loaded; null where what was loaded counts.
 *
 * A load that came after a gap may know what the stream could not tell, so it supersedes the view
 * that it found. Views keep their identity, so any news from the stream puts it back in charge.
 */
export function viewInCharge(
  view: RegistrationView | null,
  superseded: RegistrationView | null,
): RegistrationView | null {
  return view === superseded ? null : view;
}
