import { useEffect, useMemo, useRef, useSyncExternalStore } from "react";

/** The arguments of `useSyncExternalStore`. */
interface Store<Snapshot> {
  readonly subscribe: (listener: () => void) => () => void;
  readonly getSnapshot: () => Snapshot;
  readonly getServerSnapshot: () => Snapshot;
}

/**
 * What `select` makes of a store's snapshot. The value stays the same object while `isEqual` accepts it, so that the
 * component renders for nothing else. `select` may be a new function each render.
 */
export function useSelection<Snapshot, Selection>(
  { subscribe, getSnapshot, getServerSnapshot }: Store<Snapshot>,
  select: (snapshot: Snapshot) => Selection,
  isEqual: (one: Selection, other: Selection) => boolean,
): Selection {
  const rendered = useRef<{ readonly value: Selection } | null>(null);
  const [getSelection, getServerSelection] = useMemo(() => {
    const selected = (read: () => Snapshot) => {
      let last: { readonly from: Snapshot; readonly value: Selection } | null = null;
      return () => {
        const from = read();
        if (last?.from !== from || last === null) {
          const before = last ?? rendered.current;
          const value = select(from);
          last = { from, value: before !== null && isEqual(before.value, value) ? before.value : value };
        }
        return last.value;
      };
    };
    return [selected(getSnapshot), selected(getServerSnapshot)];
  }, [getSnapshot, getServerSnapshot, select, isEqual]);
  const selection = useSyncExternalStore(subscribe, getSelection, getServerSelection);
  useEffect(() => {
    rendered.current = { value: selection };
  }, [selection]);
  return selection;
}
