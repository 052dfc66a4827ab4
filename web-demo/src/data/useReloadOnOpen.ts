import { useEffect, useRef } from "react";

/**
 * Calls `reload` each time that the stream has opened, the first time as well: what was read before
 * it opened may have changed unseen. Reading once more after the stream is up means that overlap is
 * possible, but loss is not.
 */
export function useReloadOnOpen(connections: number, reload: () => void): void {
  const seen = useRef(connections);
  useEffect(() => {
    if (connections > seen.current) reload();
    seen.current = connections;
  }, [connections, reload]);
}
