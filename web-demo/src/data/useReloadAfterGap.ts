import { useEffect, useRef } from "react";

/** What a stream counts. */
interface GapCounts {
  readonly connections: number;
  readonly resets: number;
}

/**
 * Calls `reload` where the stream may have missed something: each time that it has opened, the first
 * time as well, and each time that the server says so. What was read before that may have changed
 * unseen. Reading once more after it means that overlap is possible, but loss is not.
 */
export function useReloadAfterGap({ connections, resets }: GapCounts, reload: () => void): void {
  const gaps = connections + resets;
  const seen = useRef(gaps);
  useEffect(() => {
    if (gaps > seen.current) reload();
    seen.current = gaps;
  }, [gaps, reload]);
}
