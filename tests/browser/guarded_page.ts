// Runs in the browser: a stream of the package behind an access policy, by the browser's own EventSource.

import { RegistrationStream, type RegistrationStreamOptions } from "regstream";

declare global {
  interface Window {
    /** Opens the page's one stream. A token is one of `tokens`, each of which is given once. */
    guard?: (options: Pick<RegistrationStreamOptions, "url" | "credentials">, tokens: readonly string[]) => void;
    /** What the stream has shown, in order, each time that it was another. */
    shown: string[];
  }
}

window.shown = [];
window.guard = (options, tokens) => {
  const left = [...tokens];
  const token = tokens.length === 0 ? undefined : () => Promise.resolve(left.shift() ?? null);
  const stream = new RegistrationStream({ registrationId: 42, transport: "eventsource", token, ...options });
  stream.subscribe(() => {
    const { connection, isConnected, latestUpdate, error } = stream.getSnapshot();
    const now = [connection, isConnected ? "connected" : "away", latestUpdate?.message ?? "", error?.message ?? ""].join("|");
    if (window.shown.at(-1) !== now) window.shown.push(now);
  });
  stream.connect();
};
