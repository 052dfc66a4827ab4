import type { ConnectionState } from "regstream";
import { memo } from "react";

interface LiveBadgeProps {
  readonly connection: ConnectionState;
  /** How often the stream has opened so far. */
  readonly connections: number;
}

/** Whether what the page shows is live, in words and colour. */
export const LiveBadge = memo(function LiveBadge({ connection, connections }: LiveBadgeProps) {
  const isLive = connection === "open";
  return (
    <span
      className="live-badge"
      role="status"
      data-testid="live-badge"
      data-live={isLive}
      data-connection={connection}
    >
      <span className="live-dot" aria-hidden="true" />
      {liveText(connection, connections)}
    </span>
  );
});

function liveText(connection: ConnectionState, connections: number): string {
  switch (connection) {
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
