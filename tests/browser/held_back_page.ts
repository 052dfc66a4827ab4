// Runs in the browser: the package's stream with its defaults.

import { RegistrationStream, type StreamSnapshot } from "regstream";

declare global {
  interface Window {
    connect?: (url: string) => void;
    snapshot?: () => Omit<StreamSnapshot, "views" | "view" | "registration">;
  }
}

let stream: RegistrationStream | undefined;

window.connect = (url) => {
  stream?.close();
  stream = new RegistrationStream({ url, registrationId: 42 });
  stream.connect();
};

window.snapshot = () => {
  if (stream === undefined) throw new Error("There is no stream yet");
  return stream.getSnapshot();
};
