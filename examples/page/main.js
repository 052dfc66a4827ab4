// No framework and no bundler: the page's server has the package's `dist` folder as `regstream`.
import { RegistrationStream } from "./regstream/esm/index.js";

const root = document.getElementById("root");
const stream = new RegistrationStream({ registrationId: 42 });

stream.subscribe(({ isConnected, registration, error }) => {
  const line = (text) => Object.assign(document.createElement("p"), { textContent: text });
  root.replaceChildren(
    line(error?.message ?? (isConnected ? "Live" : "Offline")),
    line(registration?.message ?? ""),
    ...(registration?.stages ?? []).map((stage) => line(`${stage.name}: ${stage.status}`)),
  );
});
stream.connect();
