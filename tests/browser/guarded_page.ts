// Runs in the browser: a stream of the package behind an access policy.

import { RegistrationStream, type RegistrationStreamOptions } from "regstream";

/** The options that a test chooses. */
export type GuardedOptions = Pick<RegistrationStreamOptions, "url" | "credentials" | "transport">;

declare global {
  interface Window {
    /** Opens the page's one stream. Each of `tokens` is used once, in order. */
    guard?: (options: GuardedOptions, tokens: readonly string[]) => void;
    /** The states that the stream has shown, in order, without repetitions. */
    shown: string[];
    /** The message of each update. */
    heard: string[];
  }
}

window.shown = [];
window.heard = [];
window.guard = (options, tokens) => {
  const left = [...tokens];
  const token = tokens.length === 0 ? undefined : () => Promise.resolve(left.shift() ?? null);
  const onUpdate = ({ message }: { readonly message?: string | undefined }): number => window.heard.push(message ?? "");
  const stream = new RegistrationStream({ registrationId: 42, token, onUpdate, ...options });
  stream.subscribe(() => {
    const { connection, isConnected, error } = stream.getSnapshot();
    const now = [connection, isConnected ? "connected" : "away", error?.message ?? ""].join("|");
    if (window.shown.at(-1) !== now) window.shown.push(now);
  });
  stream.connect();
};
