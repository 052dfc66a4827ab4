/**
 * Why an update is not in the history, or not yet.
 *
 * - `unreachable`: Redis is away, or takes no updates now; they wait, in order, and it is tried again. Only told, never
 *   thrown.
 * - `unreplicated`: the updates are in the history, but fewer replicas than `waitReplicas` have them; they are sent
 *   again until as many have. Only told, never thrown.
 * - `refused`: Redis refused this update, and would refuse it again.
 * - `full`: too many updates wait for Redis already; this one was dropped.
 * - `unknown_outcome`: it was sent, its acknowledgement was lost, and it is too late to send it again under its key:
 *   whether subscribers heard it is not known.
 * - `closed`: the publisher was closed before the update was sent.
 */
export type PublishErrorKind = "unreachable" | "unreplicated" | "refused" | "full" | "unknown_outcome" | "closed";

/** `message` says what failed and what to do. It quotes no update, key or password. */
export class PublishError extends Error {
  override readonly name = "PublishError";
  readonly kind: PublishErrorKind;

  // No cause: a client's error carries the command's arguments, and they hold personal data.
  constructor(kind: PublishErrorKind, message: string) {
    super(message);
    this.kind = kind;
  }
}
