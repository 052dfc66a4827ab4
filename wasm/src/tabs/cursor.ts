/** Event ids as positions in a history: `<epoch>-<sequence>`. They only grow. */

const form = /^(\d{1,16})-(\d{1,16})$/;

/** Whether `a` is later than `b`. Only ids of that form have an order. The empty id comes before all of them. */
export function isBehind(a: string, b: string): boolean {
  const [, epochA, sequenceA] = form.exec(a) ?? [];
  const [, epochB, sequenceB] = form.exec(b) ?? (b === "" ? ["", "0", "0"] : []);
  const byEpoch = Number(epochA) - Number(epochB);
  return byEpoch === 0 ? Number(sequenceA) > Number(sequenceB) : byEpoch > 0;
}

/** Whether a tab at `cursor` has everything up to `other`. */
export function reaches(cursor: string, other: string): boolean {
  return cursor === other || isBehind(cursor, other);
}
