import type { RegistrationUpdates } from "regstream/react";

import { Notice } from "./Notice";

/** Says that the stream will not come back by itself, or not soon. */
export function LiveUpdatesNotice({
  stream: { connection, error, connect },
}: {
  stream: Pick<RegistrationUpdates, "connection" | "error" | "connect">;
}) {
  if (error === null || !(connection === "closed" || error.kind === "load_failed")) return null;
  return (
    <Notice
      action={
        <button type="button" className="button button-small" onClick={connect}>
          Reconnect
        </button>
      }
    >
      Live updates are off. {error.message}.
    </Notice>
  );
}
