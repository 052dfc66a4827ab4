/** An update's place in the history. Both numbers fit into doubles, since the history is as young as the test. */
export interface EventId {
  readonly epoch: number;
  readonly sequence: number;
}

/** A cursor before all histories: its client has not got a position yet. */
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

/** Below 0 if `left` is the older one. */
export function compare(left: EventId, right: EventId): number {
  return left.epoch - right.epoch || left.sequence - right.sequence;
}
