import { useEffect, useRef } from "react";

/** The counters of a stream that show gaps. */
interface GapCounts {
  readonly connections: number;
  readonly resets: number;
}

/**
 * Calls `reload` after each possible gap in the stream: each time that it opens, including the first time, and each
 * `reset`. Data that was loaded before may have changed without an update. Loading it again afterwards allows overlap,
 * but no loss.
 */
export function useReloadAfterGap({ connections, resets }: GapCounts, reload: () => void): void {
  const gaps = connections + resets;
  const seen = useRef(gaps);
  useEffect(() => {
    if (gaps > seen.current) reload();
    seen.current = gaps;
  }, [gaps, reload]);
}
