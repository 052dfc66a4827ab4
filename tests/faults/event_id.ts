/** Where an update stands in the history. Both numbers are small enough for doubles in a history that is as young as a test. */
export interface EventId {
  readonly epoch: number;
  readonly sequence: number;
}

/** A cursor before all histories: whoever has it has yet to be told where it stands. */
export function isBeforeAll({ epoch, sequence }: EventId): boolean {
  return epoch === 0 && sequence === 0;
}

export function parseEventId(text: string): EventId {
  const [, epoch, sequence] = /^(\d+)-(\d+)$/.exec(text) ?? [];
  if (epoch === undefined || sequence === undefined) throw new Error(`not an event id: "${text}"`);
  return { epoch: Number(epoch), sequence: Number(sequence) };
}

export function textOf({ epoch, sequence }: EventId): string {
  return `${epoch}-${sequence}`;
}

/** Below 0 where `left` is the older one. */
export function compare(left: EventId, right: EventId): number {
  return left.epoch - right.epoch || left.sequence - right.sequence;
}
