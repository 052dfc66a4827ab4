import type { ConnectionState } from "regstream";
import { memo } from "react";

interface LiveBadgeProps {
  readonly connection: ConnectionState;
  /** Stays true while another stream replaces the open one: for other ids, or before its token expires. */
  readonly isConnected: boolean;
  /** How often the stream has opened so far. */
  readonly connections: number;
}

/** Says whether the page is live, in words and in colour. */
export const LiveBadge = memo(function LiveBadge({ connection, isConnected, connections }: LiveBadgeProps) {
  const state = isConnected ? "open" : connection;
  return (
    <span className="live-badge" role="status" data-testid="live-badge" data-live={isConnected} data-connection={state}>
      <span className="live-dot" aria-hidden="true" />
      {liveText(state, connections)}
    </span>
  );
});

function liveText(state: ConnectionState, connections: number): string {
  switch (state) {
    case "open":
      return "Live";
    case "authorizing":
    case "connecting":
    case "waiting":
      return connections === 0 ? "Connecting…" : "Reconnecting…";
    case "idle":
    case "closed":
      return "Offline";
  }
}
