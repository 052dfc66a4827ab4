/**
 * Why an update is not in the history, or not yet.
 *
 * - `unreachable`: Redis is away or takes no updates now. They wait, in order, and are sent again. Only `onTrouble`
 *   gets it; no promise rejects with it.
 * - `unreplicated`: the updates are in the history, but fewer than `waitReplicas` replicas have them. They are sent
 *   again until enough have. Only `onTrouble` gets it.
 * - `refused`: Redis refused this update and would refuse it again.
 * - `full`: too many updates wait for Redis already. This one was dropped.
 * - `unknown_outcome`: the update was sent, its acknowledgement was lost, and Redis no longer recognises it, so it
 *   can't be sent again. Subscribers may or may not have received it.
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
