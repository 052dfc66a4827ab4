// Runs in the browser: the package's stream by fetch, until it is closed.

import { type RegistrationUpdate, RegistrationStream, type StreamSnapshot } from "regstream";

export interface Followed {
  readonly updates: readonly RegistrationUpdate[];
  readonly last: Pick<StreamSnapshot, "reason" | "connections" | "registration">;
}

declare global {
  interface Window {
    /** Resolves when the stream at `url` is closed for good. */
    follow?: (url: string, registrationId: number) => Promise<Followed>;
  }
}

window.follow = (url, registrationId) =>
  new Promise((resolve) => {
    const updates: RegistrationUpdate[] = [];
    const stream = new RegistrationStream({
      url,
      registrationId,
      transport: "fetch",
      onUpdate: (update) => updates.push(update),
    });
    stream.subscribe(() => {
      const { connection, reason, connections, registration } = stream.getSnapshot();
      if (connection === "closed") resolve({ updates, last: { reason, connections, registration } });
    });
    stream.connect();
  });
